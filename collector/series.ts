/** The series of one metric: found by their labels, bounded in number, born at zero. */
import Type, { type Static } from 'typebox';
import type { OverflowLabel } from './catalogue/collector-metrics.ts';
import { type OpenLabel, OTHER } from './catalogue/labels.ts';
import type { Metric } from './catalogue/metric.ts';
import type { LabelBounds } from './series-bounds.ts';

/** The numbers of one series: a counter or gauge has `value`, a histogram its `value` as sum and a count a bucket. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  /** Observations by bucket, not cumulative; the last is above every bound. */
  readonly buckets?: Float64Array;
}

/** Series with the same open labels, one for each combination of the closed ones: they are born together. */
export interface Group {
  readonly series: Map<string, Series>;
  /** Shown as zero, whatever has been counted. */
  held: boolean;
  /** Some scraper may not have seen its values yet; those of gauges are not kept track of. */
  unseen: boolean;
  /** When a scrape first showed its values as they are, or its zeros while it is held, in milliseconds. */
  firstShownMs: number | undefined;
}

/** The counts of a group that some scraper may not have seen, as they outlive the process. */
export const savedGroupSchema = Type.Object({
  metric: Type.String(),
  /** Values of the open labels, in the metric's order. */
  open: Type.Array(Type.String()),
  held: Type.Boolean(),
  series: Type.Array(
    Type.Object({ closed: Type.String(), value: Type.Number(), buckets: Type.Array(Type.Number()) }),
  ),
});
export type SavedGroup = Static<typeof savedGroupSchema>;

type Branch = Map<string, Branch | Group>;
type Labels = Readonly<Record<string, string>>;

/** Every combination of the values of the closed labels; one empty combination when there are none. */
function combinations(closed: readonly (readonly [string, readonly string[]])[]): Labels[] {
  return closed.reduce<Labels[]>(
    (all, [name, values]) => all.flatMap((labels) => values.map((value) => ({ ...labels, [name]: value }))),
    [{}],
  );
}

export class Family {
  readonly metric: Metric;
  readonly #open: readonly (readonly [string, OpenLabel])[];
  readonly #openNames: readonly string[];
  readonly #closed: readonly string[];
  readonly #combinations: readonly Labels[];
  readonly #bounds: LabelBounds;
  readonly #limit: number;
  readonly #onOverflow: (label: OverflowLabel) => void;
  readonly #onUnseen: (group: Group) => void;
  /** Groups by the values of the open labels, one level for each; a metric without open labels has one group. */
  #root: Branch | Group | undefined;
  #groups: Group[] = [];

  constructor(
    metric: Metric,
    bounds: LabelBounds,
    limit: number,
    onOverflow: (label: OverflowLabel) => void,
    onUnseen: (group: Group) => void,
  ) {
    this.metric = metric;
    const labels = Object.entries(metric.labels);
    this.#open = labels.flatMap(([name, label]) => ('bound' in label ? [[name, label] as const] : []));
    this.#openNames = this.#open.map(([name]) => name);
    const closed = labels.flatMap(([name, label]) => ('bound' in label ? [] : [[name, label] as const]));
    this.#closed = closed.map(([name]) => name);
    this.#combinations = combinations(closed);
    this.#bounds = bounds;
    this.#limit = limit;
    this.#onOverflow = onOverflow;
    this.#onUnseen = onUnseen;
    if (metric.kind !== 'gauge' && this.#open.length === 0) this.#create([]);
  }

  get groups(): readonly Group[] {
    return this.#groups;
  }

  /** The series with these labels, about to change, made if there is none yet; undefined for a gauge that is at its limit. */
  series(labels: Labels): Series | undefined {
    // Values that are series already are found as they are given: they are clean, and within their bounds.
    let branch = this.#root;
    for (const name of this.#openNames) branch = (branch as Branch | undefined)?.get(labels[name] as string);
    const group =
      (branch as Group | undefined) ?? this.#admit(this.#openNames.map((name) => labels[name] as string));
    if (!group) return undefined;
    if (this.metric.kind !== 'gauge') this.#grow(group);
    return this.#member(group, labels);
  }

  /** What some scraper may not have seen yet. */
  unseen(): SavedGroup[] {
    const groups = this.#groups.filter(({ unseen }) => unseen);
    return groups.map(({ held, series }) => ({
      metric: this.metric.name,
      open: this.#openNames.map((name) => [...series.values()][0]!.labels[name] as string),
      held,
      series: [...series].map(([closed, { value, buckets = [] }]) => ({
        closed,
        value,
        buckets: [...buckets],
      })),
    }));
  }

  /** Goes on counting where another process stopped; what this version has no place for is left out. */
  restore({ open, held, series }: SavedGroup): void {
    if (this.metric.kind === 'gauge' || open.length !== this.#open.length) return;
    const group = this.#find(open) ?? this.#admit(open);
    if (!group) return;
    this.#grow(group);
    if (!held) group.held = false;
    for (const { closed, value, buckets } of series) {
      const known = group.series.get(closed);
      if (!known || (known.buckets?.length ?? 0) !== buckets.length) continue;
      known.value += value;
      for (const [i, count] of buckets.entries()) known.buckets![i] = known.buckets![i]! + count;
    }
  }

  clear(): void {
    this.#root = undefined;
    this.#groups = [];
  }

  #grow(group: Group): void {
    if (!group.held) group.firstShownMs = undefined;
    if (group.unseen) return;
    group.unseen = true;
    this.#onUnseen(group);
  }

  #member(group: Group, labels: Labels): Series {
    const key = this.#closedKey(labels);
    const known = group.series.get(key);
    if (known) return known;
    throw new RangeError(`${this.metric.name} has no series for ${this.#closed.join(', ')} = ${key}`);
  }

  /** Closed values are our own words, none with a bar in it, so that joining them cannot make two the same. */
  #closedKey(labels: Labels): string {
    const [first] = this.#closed;
    if (!first) return '';
    if (this.#closed.length === 1) return labels[first] as string;
    return this.#closed.map((name) => labels[name]).join('|');
  }

  #find(values: readonly string[]): Group | undefined {
    let branch = this.#root;
    for (const value of values) branch = (branch as Branch | undefined)?.get(value);
    return branch as Group | undefined;
  }

  #admit(given: readonly string[]): Group | undefined {
    const clean = given.map((value, i) => this.#bounds.clean(this.#label(i), value));
    const known = this.#find(clean);
    if (known) return known;
    if (this.#groups.length >= this.#limit) {
      this.#onOverflow('series');
      // A gauge's surplus has no common value; who sets it sets the most important first.
      if (this.metric.kind === 'gauge') return undefined;
      const others = given.map(() => OTHER);
      return this.#find(others) ?? this.#create(others);
    }
    if (this.metric.kind === 'gauge') return this.#create(clean);
    const admitted = clean.map((value, i) => this.#bounds.admit(this.#label(i), value));
    return this.#find(admitted) ?? this.#create(admitted);
  }

  #label(index: number): OpenLabel {
    return this.#open[index]?.[1] as OpenLabel;
  }

  #create(values: readonly string[]): Group {
    const open = Object.fromEntries(this.#open.map(([name], i) => [name, values[i] as string]));
    const buckets = this.metric.buckets;
    const series = this.#combinations.map((closed): [string, Series] => {
      const counts = buckets ? { buckets: new Float64Array(buckets.length + 1) } : {};
      return [this.#closedKey(closed), { labels: { ...open, ...closed }, value: 0, ...counts }];
    });
    const group: Group = {
      series: new Map(series),
      held: this.metric.kind !== 'gauge',
      unseen: false,
      firstShownMs: undefined,
    };
    this.#plant(values, group);
    this.#groups.push(group);
    if (group.held) this.#grow(group);
    return group;
  }

  #plant(values: readonly string[], group: Group): void {
    const last = values.at(-1);
    if (last === undefined) {
      this.#root = group;
      return;
    }
    this.#root ??= new Map();
    let branch = this.#root as Branch;
    for (const value of values.slice(0, -1)) {
      const next = (branch.get(value) as Branch | undefined) ?? new Map();
      branch.set(value, next);
      branch = next;
    }
    branch.set(last, group);
  }
}
