/** The series of one metric: found by their labels through nested Maps, bounded in number, born at zero. */
import Type, { type Static } from 'typebox';
import type { Waiting } from './born-at-zero.ts';
import type { OverflowLabel } from './catalogue/collector-metrics.ts';
import { type OpenLabel, OTHER } from './catalogue/labels.ts';
import type { Metric } from './catalogue/metric.ts';
import { escapedLabelValue } from './exposition.ts';
import type { LabelBounds } from './series-bounds.ts';
import { Group, Pages } from './series-values.ts';

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

export type Labels = Readonly<Record<string, string>>;

type Branch = Map<string, Branch | Group>;
type ClosedLabel = readonly [name: string, indexes: ReadonlyMap<string, number>];

/** Every combination of the values of the closed labels, the first label changing slowest; one empty one without any. */
const combinations = (closed: readonly (readonly string[])[]): string[][] =>
  closed.reduce<string[][]>(
    (all, values) => all.flatMap((some) => values.map((value) => [...some, value])),
    [[]],
  );

const textOf = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${escapedLabelValue(values[i] as string)}"`).join(',');

export class Family {
  readonly metric: Metric;
  readonly waiting: Waiting;
  /** Upper bounds of a histogram's finite buckets. */
  readonly buckets: readonly number[];
  /** Numbers of one series. */
  readonly width: number;
  /** The closed labels of each series of a group, as the exposition writes them. */
  readonly closedTexts: readonly string[];
  readonly #open: readonly OpenLabel[];
  readonly #openNames: readonly string[];
  readonly #closed: readonly ClosedLabel[];
  /** The values of the closed labels of each series of a group; our own words, none with a bar in it. */
  readonly #closedKeys: readonly string[];
  readonly #bounds: LabelBounds;
  readonly #limit: number;
  readonly #onOverflow: (label: OverflowLabel) => void;
  /** Groups by the values of the open labels, one level for each; a metric without open labels has one group. */
  #root: Branch | Group | undefined;
  #groups: Group[] = [];
  #pages: Pages;

  constructor(
    metric: Metric,
    waiting: Waiting,
    bounds: LabelBounds,
    limit: number,
    onOverflow: (label: OverflowLabel) => void,
    constant: Labels = {},
  ) {
    this.metric = metric;
    this.waiting = waiting;
    this.buckets = metric.buckets ?? [];
    this.width = metric.buckets ? metric.buckets.length + 2 : 1;
    const labels = Object.entries(metric.labels);
    const open = labels.flatMap(([name, label]) => ('bound' in label ? [[name, label] as const] : []));
    this.#open = open.map(([, label]) => label);
    this.#openNames = open.map(([name]) => name);
    const closed = labels.flatMap(([name, label]) => ('bound' in label ? [] : [[name, label] as const]));
    this.#closed = closed.map(([name, values]) => [name, new Map(values.map((value, i) => [value, i]))]);
    const combined = combinations(closed.map(([, values]) => values));
    this.#closedKeys = combined.map((values) => values.join('|'));
    const closedNames = [...closed.map(([name]) => name), ...Object.keys(constant)];
    this.closedTexts = combined.map((values) => textOf(closedNames, [...values, ...Object.values(constant)]));
    this.#bounds = bounds;
    this.#limit = limit;
    this.#onOverflow = onOverflow;
    this.#pages = this.#newPages();
    if (metric.kind !== 'gauge' && open.length === 0) this.#create([]);
  }

  get groups(): readonly Group[] {
    return this.#groups;
  }

  /**
   * The group with these labels, made if there is none yet; undefined for a gauge that is at its limit.
   * Each call counts an overflow where a value is over its bound.
   */
  group(labels: Labels): Group | undefined {
    // Values that are series already are found as they are given: they are clean, and within their bounds.
    let node = this.#root;
    for (const name of this.#openNames) node = (node as Branch | undefined)?.get(labels[name] as string);
    if (node !== undefined) return node as Group;
    return this.#admit(this.#openNames.map((name) => labels[name] as string));
  }

  /** Whether there is a group that these open labels name as they are: not one that they are cleaned or bounded to. */
  has(labels: Labels): boolean {
    return this.#find(this.#openNames.map((name) => labels[name] as string)) !== undefined;
  }

  /** Which of a group's series has these closed labels. Throws a RangeError that names a value which does not exist. */
  seriesIndex(labels: Labels): number {
    let index = 0;
    for (const [name, indexes] of this.#closed) {
      const value = indexes.get(labels[name] as string);
      if (value === undefined)
        throw new RangeError(`${this.metric.name} has no series for ${name} = ${labels[name]}`);
      index = index * indexes.size + value;
    }
    return index;
  }

  /** What some scraper may not have seen yet. */
  unseen(): SavedGroup[] {
    const saved: SavedGroup[] = [];
    const open: string[] = [];
    const visit = (node: Branch | Group | undefined) => {
      if (!(node instanceof Map)) {
        if (node?.unseen) saved.push(this.#saved(node, open));
        return;
      }
      for (const [value, next] of node) {
        open.push(value);
        visit(next);
        open.pop();
      }
    };
    visit(this.#root);
    return saved;
  }

  /** Goes on counting where another process stopped; what this version has no place for is left out. */
  restore({ open, held, series }: SavedGroup): void {
    if (this.metric.kind === 'gauge' || open.length !== this.#open.length) return;
    const group = this.#find(open) ?? this.#admit(open);
    if (!group) return;
    group.touch();
    if (!held) group.held = false;
    for (const { closed, value, buckets } of series) {
      const index = this.#closedKeys.indexOf(closed);
      const numbers = this.metric.buckets ? [...buckets, value] : [value];
      if (index < 0 || numbers.length !== this.width) continue;
      const first = group.first + index * this.width;
      for (const [i, number] of numbers.entries()) group.page[first + i] = group.page[first + i]! + number;
    }
  }

  clear(): void {
    this.#root = undefined;
    this.#groups = [];
    this.#pages = this.#newPages();
  }

  #newPages(): Pages {
    return new Pages(1 + this.closedTexts.length * this.width);
  }

  #saved(group: Group, open: readonly string[]): SavedGroup {
    const series = this.#closedKeys.map((closed, i) => {
      const first = group.first + i * this.width;
      const last = first + this.width - 1;
      // All at once, since they go on counting: a view of the page for each took four times as long.
      const buckets: number[] = [];
      for (let at = first; at < last; at++) buckets.push(group.page[at]!);
      return { closed, value: group.page[last]!, buckets };
    });
    return { metric: this.metric.name, open: [...open], held: group.held, series };
  }

  #find(values: readonly string[]): Group | undefined {
    let node = this.#root;
    for (const value of values) node = (node as Branch | undefined)?.get(value);
    return node as Group | undefined;
  }

  #admit(given: readonly string[]): Group | undefined {
    const clean = given.map((value, i) => this.#bounds.clean(this.#open[i]!, value));
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
    const admitted = clean.map((value, i) => this.#bounds.admit(this.#open[i]!, value));
    return this.#find(admitted) ?? this.#create(admitted);
  }

  #create(values: readonly string[]): Group {
    const text = textOf(this.#openNames, values);
    const group = new Group(this, this.#pages.take(this.#groups.length), text);
    this.#plant(values, group);
    this.#groups.push(group);
    if (group.held) group.touch();
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
