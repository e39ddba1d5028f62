/**
 * Typed PromQL. A `Vector<L>` is an expression whose series carry the labels `L`; functions accept only what those
 * labels allow, so a wrong or renamed label is a type error where it is used.
 *
 * `Vector.at(offset)` renders the expression as it was `offset` ago: the modifier belongs to the selectors inside.
 */
import type { LabelName, Metric } from './metric.ts';
import {
  type AnyVector,
  type Carried,
  type Duration,
  group,
  labelsOf,
  selector,
  shifted,
  type Vector,
  vector,
  type Where,
  type Window,
} from './vector.ts';

export { not, re } from './vector.ts';
export type { Duration, Vector, Where, Window };

/** The series of a gauge or counter as they are. */
export const select = <M extends Metric<'gauge' | 'counter'>>(metric: M, where: Where<M> = {}) =>
  vector(labelsOf(metric), (offset) => selector(metric.name, where) + shifted(offset));

type RangeFunction =
  | 'rate'
  | 'increase'
  | 'delta'
  | 'max_over_time'
  | 'min_over_time'
  | 'avg_over_time'
  | 'last_over_time';

const over = <M extends Metric>(
  fn: RangeFunction,
  metric: M,
  suffix: string,
  window: Window,
  where: Where<M>,
) =>
  vector(
    labelsOf(metric),
    (offset) => `${fn}(${selector(metric.name + suffix, where)}[${window}]${shifted(offset)})`,
  );

/** Increase per second of a counter. */
export const rate = <M extends Metric<'counter'>>(metric: M, window: Window, where: Where<M> = {}) =>
  over('rate', metric, '', window, where);

/** Increase of a counter over the window. */
export const increase = <M extends Metric<'counter'>>(metric: M, window: Window, where: Where<M> = {}) =>
  over('increase', metric, '', window, where);

export const maxOverTime = <M extends Metric<'gauge'>>(metric: M, window: Window, where: Where<M> = {}) =>
  over('max_over_time', metric, '', window, where);

/** Observations per second of a histogram. */
export const observationRate = <M extends Metric<'histogram'>>(
  metric: M,
  window: Window,
  where: Where<M> = {},
) => over('rate', metric, '_count', window, where);

/** Observations of a histogram over the window. */
export const observationIncrease = <M extends Metric<'histogram'>>(
  metric: M,
  window: Window,
  where: Where<M> = {},
) => over('increase', metric, '_count', window, where);

/** Quantile `q` (0 to 1) of a histogram over the window, in the histogram's unit, one series for each value of `by`. */
export const quantile = <M extends Metric<'histogram'>, const B extends readonly LabelName<M>[]>(
  q: number,
  metric: M,
  window: Window,
  by: B,
  where: Where<M> = {},
): Vector<B[number]> =>
  vector(by, (offset) => {
    const buckets = over('rate', metric, '_bucket', window, where).at(offset);
    return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${buckets}))`;
  });

/** The cumulative bucket rates of a histogram, by `le`: what a Grafana heatmap draws. */
export const bucketIncrease = <M extends Metric<'histogram'>>(
  metric: M,
  window: Window,
  where: Where<M> = {},
) =>
  vector(
    ['le'] as const,
    (offset) => `sum by (le) (${over('increase', metric, '_bucket', window, where).at(offset)})`,
  );

const aggregate =
  (operator: 'sum' | 'max' | 'min' | 'count') =>
  <V extends AnyVector, const B extends readonly Carried<V>[] = []>(of: V, by?: B): Vector<B[number]> =>
    vector((by ?? []) as B, (offset) =>
      by?.length ? `${operator} by (${by.join(', ')}) (${of.at(offset)})` : `${operator}(${of.at(offset)})`,
    );

export const sum = aggregate('sum');
export const max = aggregate('max');
export const min = aggregate('min');
export const count = aggregate('count');

/** The `n` largest series. */
export const topk = <L extends string>(n: number, of: Vector<L>): Vector<L> =>
  vector(of.labels, (offset) => `topk(${n}, ${of.at(offset)})`);

const rounded = (value: number) => String(value);

type Operator = '+' | '-' | '*' | '/' | '>' | '<' | '>=' | '<=' | '==' | '!=';

/** Both sides must carry the same labels: a mismatch would silently match nothing. */
type SameLabels<L extends string> = Vector<NoInfer<L>> | number;

function binary<L extends string>(a: Vector<L>, operator: Operator, b: SameLabels<L>): Vector<L> {
  return vector(a.labels, (offset) => {
    const right = typeof b === 'number' ? rounded(b) : group(b.at(offset));
    return `${group(a.at(offset))} ${operator} ${right}`;
  });
}

export const plus = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '+', b);
export const minus = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '-', b);
export const times = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '*', b);
/** `a / b`, both with the same labels; 0/0 is NaN, which no comparison matches. */
export const ratio = <L extends string>(a: Vector<L>, b: Vector<NoInfer<L>>) => binary(a, '/', b);

export const above = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '>', limit);
export const atLeast = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '>=', limit);
export const below = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '<', limit);
export const equals = <L extends string>(a: Vector<L>, value: SameLabels<L>) => binary(a, '==', value);

const set =
  (operator: 'and' | 'or' | 'unless') =>
  <L extends string, R extends string>(a: Vector<L>, b: Vector<R>, on?: readonly (L & R)[]): Vector<L> =>
    vector(a.labels, (offset) => {
      const matching = on ? ` on (${on.join(', ')})` : '';
      return `${group(a.at(offset))} ${operator}${matching} ${group(b.at(offset))}`;
    });

/** Series of `a` that have a partner in `b`, matched on all labels or on those given. */
export const and = set('and');
/** Series of `a` that have no partner in `b`; `[]` matches everything with anything. */
export const unless = set('unless');
/** Series of `a`, and those of `b` without a partner in `a`; both carry the same labels. */
export const or = <L extends string>(a: Vector<L>, b: Vector<NoInfer<L>>, on?: readonly L[]): Vector<L> =>
  set('or')(a, b as Vector<L>, on);

/** Each series' share of all series that have the same `within` labels; of all series when `within` is empty. */
export const share = <L extends string>(of: Vector<L>, within: readonly NoInfer<L>[] = []): Vector<L> =>
  vector(of.labels, (offset) => {
    const whole = sum(of, within).at(offset);
    return `${group(of.at(offset))} / on (${within.join(', ')}) group_left () ${whole}`;
  });

/** The expression as it was `by` ago. */
export const offset = <L extends string>(of: Vector<L>, by: Duration): Vector<L> =>
  vector(of.labels, (outer) => {
    if (outer) throw new Error(`offset ${by} inside offset ${outer}: write one offset`);
    return of.at(by);
  });

/** Rounded to a multiple of `to`, so that float error cannot lift a value over a limit it only equals. */
export const round = <L extends string>(of: Vector<L>, to: number): Vector<L> =>
  vector(of.labels, (by) => `round(${of.at(by)}, ${rounded(to)})`);

/** 1 when the expression has no series. Carries no labels, so it takes none from the expression. */
export const absent = (of: AnyVector): Vector<never> => vector([], (by) => `absent(${of.at(by)})`);

/** One series without labels, always this value. */
export const constant = (value: number): Vector<never> => vector([], () => `vector(${rounded(value)})`);

/** Seconds since the value of a timestamp gauge. */
export const secondsSince = <L extends string>(of: Vector<L>): Vector<L> =>
  vector(of.labels, (by) => `time() - ${group(of.at(by))}`);

/** Grafana's query for the values of one label: what a dashboard variable offers. */
export const labelValues = <M extends Metric>(metric: M, label: LabelName<M>, where: Where<M> = {}): string =>
  `label_values(${selector(metric.name, where)}, ${label})`;
