/**
 * What the calls of one tool have counted since its series were looked at last, in two small lists.
 *
 * Series lie far from each other, so each costs a wait for memory or several when it is counted; a call counts in ten of them.
 * The counts of a tool lie side by side, and come to their series when a scrape or a snapshot asks for these.
 */
import { durationBuckets } from '../catalogue/metrics.ts';
import type { Counter, Histogram } from '../series-values.ts';

export class Tally {
  readonly #counters: Counter[] = [];
  readonly #counts: number[] = [];
  #histogram: Histogram | undefined;
  /** Its buckets and the sum. */
  readonly #observed: number[] = [];
  readonly #onChange: (tally: Tally) => void;
  #isChanged = false;

  /** `onChange` is told of the first count since `settle`. */
  constructor(onChange: (tally: Tally) => void) {
    this.#onChange = onChange;
  }

  /** The place of a counter, which must be a series of its own. */
  placeOf(counter: Counter): number {
    this.#counts.push(0);
    return this.#counters.push(counter) - 1;
  }

  add(place: number, by: number): void {
    if (!this.#isChanged) this.#change();
    this.#counts[place]! += by;
  }

  /** Where durations are counted from now on. */
  setHistogram(histogram: Histogram): void {
    this.#histogram = histogram;
    for (let i = 0; i < durationBuckets.length + 2; i++) this.#observed.push(0);
  }

  get hasHistogram(): boolean {
    return this.#histogram !== undefined;
  }

  observe(seconds: number): void {
    if (!this.#isChanged) this.#change();
    let bucket = 0;
    while (bucket < durationBuckets.length && seconds > durationBuckets[bucket]!) bucket++;
    this.#observed[bucket]!++;
    this.#observed[durationBuckets.length + 1]! += seconds;
  }

  /** Brings all counts to their series. */
  settle(): void {
    this.#isChanged = false;
    for (let place = 0; place < this.#counts.length; place++) {
      const count = this.#counts[place]!;
      if (count === 0) continue;
      this.#counts[place] = 0;
      this.#counters[place]!.add(count);
    }
    if (this.#histogram === undefined) return;
    this.#histogram.addAll(this.#observed);
    this.#observed.fill(0);
  }

  #change(): void {
    this.#isChanged = true;
    this.#onChange(this);
  }
}

/** Above it, those that wait are settled at once: names that callers invent must not fill the memory. */
const MOST_CHANGED = 4_096;

/** The tallies that have something to settle. */
export class Tallies {
  #changed: Tally[] = [];

  newTally(): Tally {
    return new Tally((tally) => {
      if (this.#changed.length >= MOST_CHANGED) this.settle();
      this.#changed.push(tally);
    });
  }

  settle(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const tally of changed) tally.settle();
  }
}
