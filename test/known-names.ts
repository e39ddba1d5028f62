/** The names an expression may use: what the catalogue's metrics and labels look like in the exposition. */
import { knownMetrics } from '../collector/catalogue/catalogue.ts';
import { targetLabels } from '../collector/catalogue/metric.ts';
import { parsePromql } from './promql.ts';

const histogramParts = ['_bucket', '_count', '_sum'];

export const knownSeries = new Set(
  knownMetrics.flatMap((metric) =>
    metric.kind === 'histogram' ? histogramParts.map((part) => metric.name + part) : [metric.name],
  ),
);
export const knownLabels = new Set([
  ...knownMetrics.flatMap((metric) => Object.keys(metric.labels)),
  ...targetLabels,
  'le',
]);

/** Everything wrong with an expression: syntax, and names that the catalogue does not have. */
export function faultsOf(expression: string): string[] {
  const { errors, metrics, labels } = parsePromql(expression);
  return [
    ...errors,
    ...metrics.filter((name) => !knownSeries.has(name)).map((name) => `unknown metric ${name}`),
    ...labels.filter((name) => !knownLabels.has(name)).map((name) => `unknown label ${name}`),
  ];
}
