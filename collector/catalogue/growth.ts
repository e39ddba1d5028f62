/**
 * Counting in whole numbers. `increase()` extrapolates each series by its own age, so a share of two increases is off
 * while one of them is new, and a limit that is only met is passed. The newest sample less the least in the window is
 * exact between two scrapes. It needs series that are born at zero, as the collector's are.
 */
import type { LabelName, Metric } from './metric.ts';
import { minus, sum } from './promql.ts';
import {
  escapeRe,
  labelsOf,
  quoted,
  selector,
  shifted,
  type Vector,
  vector,
  type Where,
  type Window,
} from './vector.ts';

/** The newest sample less the least in the window. `min_over_time` and not `offset`: a reset or a birth inside is 0. */
const grown = <M extends Metric>(
  metric: M,
  suffix: string,
  window: Window,
  where: object,
  extra?: string[],
) =>
  vector(labelsOf(metric), (offset) => {
    const of = selector(metric.name + suffix, where, extra);
    return `${of}${shifted(offset)} - min_over_time(${of}[${window}]${shifted(offset)})`;
  });

/** Events counted within the window; after a restart of the collector, since then. */
export const growth = <M extends Metric<'counter'>>(metric: M, window: Window, where: Where<M> = {}) =>
  grown(metric, '', window, where);

/** Observations of a histogram within the window, counted as `growth` does. */
export const observationGrowth = <M extends Metric<'histogram'>>(
  metric: M,
  window: Window,
  where: Where<M> = {},
) => grown(metric, '_count', window, where);

/** Of those, the ones above `bound`, which must be one of the histogram's: others cannot be told apart. */
export const observationGrowthAbove = <
  M extends Metric<'histogram'>,
  const B extends readonly LabelName<M>[],
>(
  bound: number,
  metric: M,
  window: Window,
  by: B,
): Vector<B[number]> => {
  if (!metric.buckets?.includes(bound))
    throw new RangeError(`${metric.name} has no bucket that ends at ${bound}`);
  // Prometheus 3 stores the bound 2 as "2.0", older ones as "2".
  const le = `le=~${quoted(`${escapeRe(String(bound))}(\\.0)?`)}`;
  return minus(
    sum(grown(metric, '_count', window, {}), by),
    sum(grown(metric, '_bucket', window, {}, [le]), by) as Vector<NoInfer<B[number]>>,
  ) as Vector<B[number]>;
};

/** Quantile `q` of the observations within the window, counted as `growth` does. */
export const growthQuantile = <M extends Metric<'histogram'>, const B extends readonly LabelName<M>[]>(
  q: number,
  metric: M,
  window: Window,
  by: B,
): Vector<B[number]> =>
  vector(by, (offset) => {
    const buckets = grown(metric, '_bucket', window, {}).at(offset);
    return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${buckets}))`;
  });
