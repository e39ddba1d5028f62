/** A promtool unit test as typed data: series in the catalogue's words, and the labels expected to fire. */
import type { LabelName, LabelValue, Metric } from '../collector/catalogue/metric.ts';
import type { Duration } from '../collector/catalogue/promql.ts';

/** One input series in promtool's notation, such as `0+20x60` or `_x24 6x3 stale`. */
export interface InputSeries {
  readonly series: string;
  readonly values: string;
}

export interface AlertTest {
  /** A sentence: what is fed in and what comes out. */
  readonly name: string;
  /** Time between two values of the input series. */
  readonly interval: Duration;
  readonly input: readonly InputSeries[];
  /** When to look, and the labels of the series that fire then; severity is added. Empty means silence. */
  readonly expect: readonly {
    readonly at: Duration;
    readonly firing: readonly Readonly<Record<string, string>>[];
  }[];
}

type SeriesLabels<M extends Metric> = { readonly [N in LabelName<M>]?: LabelValue<M, N> } & {
  readonly le?: string;
};

/** An input series of a catalogue metric; `suffix` picks a part of a histogram. */
export function series<M extends Metric>(
  metric: M,
  labels: SeriesLabels<M>,
  values: string,
  suffix: '' | '_bucket' | '_count' | '_sum' = '',
): InputSeries {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return { series: `${metric.name}${suffix}{${pairs.join(',')}}`, values };
}
