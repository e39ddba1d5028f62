/**
 * What typed PromQL is made of: expressions that know the labels of their series, and selectors. `promql.ts` and
 * `growth.ts` hold what is made of it.
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
export type AnyVector = Vector<any>;
export type Carried<V> = V extends Vector<infer L> ? L : never;

/** A matcher value: equal to one, to one of several, or a comparison made by `not` or `re`. */
type Matching<V extends string> = V | readonly V[] | Comparison;
export interface Comparison {
  readonly operator: '!=' | '!~' | '=~';
  readonly value: string;
}
export type Where<M extends Metric> = { readonly [N in LabelName<M>]?: Matching<LabelValue<M, N>> };

export const not = (...values: readonly [string, ...string[]]): Comparison =>
  values.length === 1
    ? { operator: '!=', value: values[0] }
    : { operator: '!~', value: values.map(escapeRe).join('|') };
export const re = (value: string): Comparison => ({ operator: '=~', value });

export function vector<L extends string>(labels: readonly L[], at: (offset?: Duration) => string): Vector<L> {
  return { labels, at, promql: at() };
}

export const quoted = (value: string) => JSON.stringify(value);
export const escapeRe = (value: string) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function matcher(label: string, matching: Matching<string>): string {
  if (typeof matching === 'string') return `${label}=${quoted(matching)}`;
  if ('operator' in matching) return `${label}${matching.operator}${quoted(matching.value)}`;
  return `${label}=~${quoted(matching.map(escapeRe).join('|'))}`;
}

export function selector(name: string, where: object, extra: readonly string[] = []): string {
  const matchers = Object.entries(where)
    .filter(([, matching]) => matching !== undefined)
    .map(([label, matching]) => matcher(label, matching as Matching<string>));
  const all = [...extra, ...matchers];
  return all.length ? `${name}{${all.join(',')}}` : name;
}

export const shifted = (offset?: Duration) => (offset ? ` offset ${offset}` : '');

export function labelsOf<M extends Metric>(metric: M): readonly LabelName<M>[] {
  return [...Object.keys(metric.labels), 'job', 'instance'] as LabelName<M>[];
}

/** Parentheses unless the text is one selector, number or call already. */
export function group(promql: string): string {
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
