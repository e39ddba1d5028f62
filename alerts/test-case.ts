/** A promtool unit test as typed data: series in the catalogue's words, and the alerts expected to fire. */
import type { LabelName, LabelValue, Metric } from '../collector/catalogue/metric.ts';
import type { Duration } from '../collector/catalogue/promql.ts';

/** One input series in promtool's notation, such as `0+20x60` or `_x24 6x3 stale`. */
export interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** One firing alert: the labels of its series, and the value its wording shows. The severity is added. */
export interface Firing<L extends string> {
  readonly labels: { readonly [N in L]: string };
  readonly value: number;
}

export interface Expectation<L extends string> {
  readonly at: Duration;
  /** Empty means silence. */
  readonly firing: readonly Firing<L>[];
  /** Another alert that must be silent then, instead of this one. */
  readonly silent?: string;
}

export interface AlertTest<L extends string> {
  /** A sentence: what is fed in and what comes out. */
  readonly name: string;
  /** Time between two values of the input series. */
  readonly interval: Duration;
  readonly input: readonly InputSeries[];
  readonly expect: readonly Expectation<L>[];
}

/** The scrape interval of the tests' series. */
export const SCRAPE: Duration = '5s';

/** Nothing fires at `seconds`. */
export const silent = (seconds: number) => ({ at: `${seconds}s`, firing: [] }) as const;

/** Exactly these fire at `seconds`. */
export const fires = <L extends string>(seconds: number, ...firing: Firing<L>[]): Expectation<L> => ({
  at: `${seconds}s`,
  firing,
});

/** The same value in each of so many scrapes; by default for longer than any test looks. */
export const hold = (value: number, scrapes = 2_000): string => `${value}x${Math.ceil(scrapes) - 1}`;
/** No sample in each of so many scrapes: the series does not exist. */
export const nothing = (scrapes: number): string => `_x${scrapes}`;

type SeriesLabels<M extends Metric> = { readonly [N in LabelName<M>]?: LabelValue<M, N> } & {
  readonly le?: string;
};

/** An input series of a catalogue metric; `suffix` picks a part of a histogram. */
export function series<M extends Metric>(
  metric: M,
  labels: SeriesLabels<M>,
  values: string,
  suffix: '' | '_bucket' | '_count' = '',
): InputSeries {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return { series: `${metric.name}${suffix}{${pairs.join(',')}}`, values };
}

/**
 * The series of a histogram that holds `first` observations for `steps` scrapes and `then` from there on. Both map a
 * bucket's upper bound, or `+Inf`, to the observations in it.
 */
export function observations<M extends Metric<'histogram'>>(
  metric: M,
  labels: SeriesLabels<M>,
  first: Readonly<Record<string, number>>,
  then: Readonly<Record<string, number>>,
  steps: number,
): InputSeries[] {
  let [before, after] = [0, 0];
  const values = (from: number, to: number) => `${hold(from, steps)} ${hold(to)}`;
  const lines = [...(metric.buckets ?? []).map(String), '+Inf'].map((bound) => {
    before += first[bound] ?? 0;
    after += then[bound] ?? 0;
    // Prometheus 3 writes whole bounds as floats.
    const le = /^\d+$/.test(bound) ? `${bound}.0` : bound;
    return series(metric, { ...labels, le }, values(before, after), '_bucket');
  });
  return [...lines, series(metric, labels, values(before, after), '_count')];
}
