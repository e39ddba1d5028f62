/** What a metric is: its name, kind, meaning, unit, labels and buckets, all as types that PromQL can check. */
import type { Label } from './labels.ts';

export type MetricKind = 'counter' | 'gauge' | 'histogram';
export type LabelSet = Readonly<Record<string, Label>>;
export type Unit =
  | 'seconds'
  | 'bytes'
  | 'ratio'
  | 'calls'
  | 'tools'
  | 'sessions'
  | 'events'
  | 'timestamp'
  | 'none';

export interface Metric<K extends MetricKind = MetricKind, L extends LabelSet = LabelSet> {
  readonly name: string;
  readonly kind: K;
  readonly help: string;
  readonly unit: Unit;
  readonly labels: L;
  /** Upper bounds of a histogram's finite buckets, ascending. */
  readonly buckets?: readonly number[];
}

/** Labels that Prometheus adds to every series when it scrapes it. */
export const targetLabels = ['job', 'instance'] as const;
export type TargetLabel = (typeof targetLabels)[number];

/** The names of a metric's labels, the target's included. */
export type LabelName<M extends Metric> = (keyof M['labels'] & string) | TargetLabel;

/** The values one label can have: its closed set, or any string. */
export type LabelValue<M extends Metric, N extends string> = N extends keyof M['labels']
  ? M['labels'][N] extends readonly (infer V extends string)[]
    ? V
    : string
  : string;

interface Description<L extends LabelSet> {
  readonly help: string;
  readonly unit?: Unit;
  readonly labels?: L;
}

export const counter = <const L extends LabelSet = Record<never, never>>(
  name: string,
  { help, unit = 'none', labels = {} as L }: Description<L>,
): Metric<'counter', L> => ({ name, kind: 'counter', help, unit, labels });

export const gauge = <const L extends LabelSet = Record<never, never>>(
  name: string,
  { help, unit = 'none', labels = {} as L }: Description<L>,
): Metric<'gauge', L> => ({ name, kind: 'gauge', help, unit, labels });

export const histogram = <const L extends LabelSet = Record<never, never>>(
  name: string,
  {
    help,
    unit = 'none',
    labels = {} as L,
    buckets,
  }: Description<L> & { readonly buckets: readonly number[] },
): Metric<'histogram', L> => ({ name, kind: 'histogram', help, unit, labels, buckets });
