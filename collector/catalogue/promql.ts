/**
 * Typed PromQL. A `Vector<L>` is an expression whose series carry the labels `L`; functions accept only what those
 * labels allow, so a wrong or renamed label is a type error where it is used.
 *
 * `Vector.at(offset)` renders the expression as it was `offset` ago: the modifier belongs to the selectors inside.
 */
import type { LabelName, LabelValue, Metric } from './metric.ts';

/** A Prometheus duration such as `30s`, `5m`, `1h`, or Grafana's own interval variables. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;
export type Window = Duration | '$__rate_interval' | '$__range';

export interface Vector<L extends string> {
  readonly promql: string;
  /** The labels its series carry, in the order they were asked for. */
  readonly labels: readonly L[];
  at(offset?: Duration): string;
  /** Type-level only: makes `Vector<'a'>` and `Vector<'a' | 'b'>` different types in both directions. */
  readonly carries?: (label: L) => L;
}

// biome-ignore lint/suspicious/noExplicitAny: any vector, whatever its labels
type AnyVector = Vector<any>;
type Carried<V> = V extends Vector<infer L> ? L : never;

/** A matcher value: equal to one, to one of several, or a comparison made by `not`, `re` or `notRe`. */
type Matching<V extends string> = V | readonly V[] | Comparison;
export interface Comparison {
  readonly operator: '!=' | '=~' | '!~';
  readonly value: string;
}
export type Where<M extends Metric> = { readonly [N in LabelName<M>]?: Matching<LabelValue<M, N>> };

export const not = (value: string): Comparison => ({ operator: '!=', value });
export const re = (value: string): Comparison => ({ operator: '=~', value });
export const notRe = (value: string): Comparison => ({ operator: '!~', value });

function vector<L extends string>(labels: readonly L[], at: (offset?: Duration) => string): Vector<L> {
  return { labels, at, promql: at() };
}

const quoted = (value: string) => JSON.stringify(value);
const escapeRe = (value: string) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function matcher(label: string, matching: Matching<string>): string {
  if (typeof matching === 'string') return `${label}=${quoted(matching)}`;
  if ('operator' in matching) return `${label}${matching.operator}${quoted(matching.value)}`;
  return `${label}=~${quoted(matching.map(escapeRe).join('|'))}`;
}

function selector(name: string, where: object, extra: readonly string[] = []): string {
  const matchers = Object.entries(where)
    .filter(([, matching]) => matching !== undefined)
    .map(([label, matching]) => matcher(label, matching as Matching<string>));
  const all = [...extra, ...matchers];
  return all.length ? `${name}{${all.join(',')}}` : name;
}

const shifted = (offset?: Duration) => (offset ? ` offset ${offset}` : '');

function labelsOf<M extends Metric>(metric: M): readonly LabelName<M>[] {
  return [...Object.keys(metric.labels), 'job', 'instance'] as LabelName<M>[];
}

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

export const minOverTime = <M extends Metric<'gauge'>>(metric: M, window: Window, where: Where<M> = {}) =>
  over('min_over_time', metric, '', window, where);

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

/** Sum of a histogram's observed values over the window. */
export const observedSumIncrease = <M extends Metric<'histogram'>>(
  metric: M,
  window: Window,
  where: Where<M> = {},
) => over('increase', metric, '_sum', window, where);

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

/**
 * Events counted within the window, in whole numbers and exact between two scrapes. `increase` extrapolates each
 * series by its own age instead, so a share of two increases is off while one of them is new, and a limit that is only
 * met is passed. Needs series that are born at zero, as the collector's are; after a restart it counts from there.
 */
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
  (operator: 'sum' | 'max' | 'min' | 'avg' | 'count') =>
  <V extends AnyVector, const B extends readonly Carried<V>[] = []>(of: V, by?: B): Vector<B[number]> =>
    vector((by ?? []) as B, (offset) =>
      by?.length ? `${operator} by (${by.join(', ')}) (${of.at(offset)})` : `${operator}(${of.at(offset)})`,
    );

export const sum = aggregate('sum');
export const max = aggregate('max');
export const min = aggregate('min');
export const avg = aggregate('avg');
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

/** Parentheses unless the text is one selector, number or call already. */
function group(promql: string): string {
  return isOneTerm(promql) ? promql : `(${promql})`;
}

function isOneTerm(promql: string): boolean {
  if (/^[\w:.]+$/.test(promql)) return true;
  const head = /^(?:[a-z_]+ by \([\w, ]*\) |[\w:]+)(?=[({])/.exec(promql);
  if (!head) return false;
  let depth = 0;
  let inString = false;
  for (let i = head[0].length; i < promql.length; i++) {
    const c = promql[i];
    if (c === '\\' && inString) i++;
    else if (c === '"') inString = !inString;
    else if (!inString && (c === '(' || c === '{')) depth++;
    else if (!inString && (c === ')' || c === '}') && --depth === 0) return i === promql.length - 1;
  }
  return false;
}

export const plus = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '+', b);
export const minus = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '-', b);
export const times = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '*', b);
/** `a / b`, both with the same labels; 0/0 is NaN, which no comparison matches. */
export const ratio = <L extends string>(a: Vector<L>, b: Vector<NoInfer<L>>) => binary(a, '/', b);
export const dividedBy = <L extends string>(a: Vector<L>, b: SameLabels<L>) => binary(a, '/', b);

export const above = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '>', limit);
export const atLeast = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '>=', limit);
export const below = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '<', limit);
export const atMost = <L extends string>(a: Vector<L>, limit: SameLabels<L>) => binary(a, '<=', limit);
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

/** At most `limit`. */
export const clampMax = <L extends string>(of: Vector<L>, limit: number): Vector<L> =>
  vector(of.labels, (by) => `clamp_max(${of.at(by)}, ${rounded(limit)})`);

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
