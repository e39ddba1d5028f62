/**
 * The numbers of series, in pages of typed arrays.
 *
 * A number that changes takes 8 bytes there and 24 as a field of an object, which points to it, and the collector of
 * garbage never looks at it. A counter or gauge is one number; a histogram is a count for each bucket and the sum.
 */
import type { Family } from './series.ts';

/** Most groups in one page; the first page has room for one, each further one for as many as there are. */
const PAGE_GROUPS = 256;

/** Hands out room for numbers, `width` for each group. */
export class Pages {
  readonly #width: number;
  #page = new Float64Array(0);
  #used = 0;

  constructor(width: number) {
    this.#width = width;
  }

  take(groups: number): { readonly page: Float64Array; readonly offset: number } {
    if (this.#used === this.#page.length) {
      this.#page = new Float64Array(this.#width * Math.min(PAGE_GROUPS, Math.max(1, groups)));
      this.#used = 0;
    }
    const offset = this.#used;
    this.#used += this.#width;
    return { page: this.#page, offset };
  }
}

type Handle = Counter | Histogram;

/** Series with the same open labels, one for each combination of the closed ones: they are born and shown together. */
export class Group {
  readonly family: Family;
  /** The first number is the time of `shownMs`; those of the series follow. */
  readonly page: Float64Array;
  readonly offset: number;
  /** The open labels as the exposition writes them, without braces. */
  readonly text: string;
  /** Shown as zero, whatever has been counted. */
  held: boolean;
  /** Whether some scraper may not have seen its values yet; not kept track of for gauges. */
  unseen = false;
  /** Of its one series, or of each that has been asked for by its index: most groups have one, and an array weighs more. */
  #handles: Handle | (Handle | undefined)[] | undefined;

  constructor(family: Family, { page, offset }: { page: Float64Array; offset: number }, text: string) {
    this.family = family;
    this.page = page;
    this.offset = offset;
    this.text = text;
    this.held = family.metric.kind !== 'gauge';
    this.shownMs = Number.NaN;
  }

  /** Where the numbers of its first series begin in its page. */
  get first(): number {
    return this.offset + 1;
  }

  /** One of its series: a counter or a histogram, as its metric is. */
  handle(index: number): Handle {
    const series = this.family.closedTexts.length;
    if (series === 1) {
      this.#handles ??= this.#newHandle(0);
      return this.#handles as Handle;
    }
    this.#handles ??= new Array<Handle | undefined>(series);
    const handles = this.#handles as (Handle | undefined)[];
    handles[index] ??= this.#newHandle(index);
    return handles[index] as Handle;
  }

  #newHandle(index: number): Handle {
    const first = this.first + index * this.family.width;
    return this.family.metric.kind === 'histogram' ? new Histogram(this, first) : new Counter(this, first);
  }

  /** When a scrape first showed its values as they are, or its zeros while it is held, in milliseconds; NaN before. */
  get shownMs(): number {
    return this.page[this.offset] as number;
  }

  set shownMs(ms: number) {
    this.page[this.offset] = ms;
  }

  /** To be called before a number changes. */
  touch(): void {
    if (!this.held) this.page[this.offset] = Number.NaN;
    if (!this.unseen) this.family.waiting.enter(this);
  }
}

/** One series of a counter: held by those who count often, so that they look it up once. */
export class Counter {
  readonly #group: Group;
  readonly #index: number;

  constructor(group: Group, index: number) {
    this.#group = group;
    this.#index = index;
  }

  /** Throws a RangeError for anything but a finite number that is not negative. */
  add(by = 1): void {
    const group = this.#group;
    if (!(by >= 0 && by < Number.POSITIVE_INFINITY))
      throw new RangeError(`${group.family.metric.name} cannot grow by ${by}`);
    group.touch();
    group.page[this.#index] = (group.page[this.#index] as number) + by;
  }
}

/** One series of a histogram. Its buckets are not cumulative; the last is above every bound, and the sum follows. */
export class Histogram {
  readonly #group: Group;
  readonly #index: number;

  constructor(group: Group, index: number) {
    this.#group = group;
    this.#index = index;
  }

  /** Throws a RangeError for a number that is not finite. */
  observe(value: number): void {
    const { page, family } = this.#group;
    if (!Number.isFinite(value)) throw new RangeError(`${family.metric.name} cannot observe ${value}`);
    this.#group.touch();
    const bounds = family.buckets;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    const sum = this.#index + bounds.length + 1;
    page[this.#index + bucket] = (page[this.#index + bucket] as number) + 1;
    page[sum] = (page[sum] as number) + value;
  }
  /** Adds the counts of all buckets and the sum, in the order in which they stand here. */
  addAll(numbers: readonly number[]): void {
    this.#group.touch();
    const { page } = this.#group;
    for (let i = 0; i < numbers.length; i++) page[this.#index + i] = page[this.#index + i]! + numbers[i]!;
  }
}
