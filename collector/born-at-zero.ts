/**
 * Holds what scrapers have not seen.
 *
 * `increase()` and `rate()` see how far a series rose between two samples, so whatever a series held when it first
 * appeared is lost to them: a tool first seen with 100 errors among 300 calls has an error rate of 0. A new counter or
 * histogram series is therefore first shown as 0, and with its true value from the first scrape that comes at least
 * 1.5 scrape intervals later; by then every Prometheus that scrapes at this interval, two replicas at whatever phase,
 * has stored the 0. The series of one set of open labels (all outcomes of a server, tool and client) are born together,
 * so that the parts of a ratio are. Nothing waits in a queue: a held series counts as it always does and only its zero
 * is shown. Gauges are not held.
 *
 * For the same reason counts that not every scraper has seen outlive the process.
 */
import type { Group } from './series-values.ts';

/** In scrape intervals: above one, so that two scrapers have passed; below two, so that the next scrape releases. */
const HOLD_INTERVALS = 1.5;
/** Groups looked at in one turn: less than half a millisecond. */
const SLICE = 8_192;

export class Waiting {
  readonly #holdMs: number;
  #groups: Group[] = [];
  #count = 0;

  constructor(scrapeIntervalSeconds: number) {
    this.#holdMs = HOLD_INTERVALS * scrapeIntervalSeconds * 1_000;
  }

  /** Whether every scraper has seen all counts. */
  get settled(): boolean {
    return this.#count === 0;
  }

  enter(group: Group): void {
    group.unseen = true;
    this.#groups.push(group);
    this.#count++;
  }

  /**
   * A scrape begins: it shows everything that waits, and ends the wait of what all scrapers have seen. To be run to its
   * end before anything is shown, with a turn for others at each stop.
   */
  *scrape(atMs: number): Generator<void> {
    const groups = this.#groups;
    this.#groups = [];
    let next = 0;
    try {
      while (next < groups.length) {
        const group = groups[next++] as Group;
        if (this.#waitsOn(group, atMs)) this.#groups.push(group);
        else this.#count--;
        if (next % SLICE === 0) yield;
      }
    } finally {
      for (const group of groups.slice(next)) this.#groups.push(group);
    }
  }

  #waitsOn(group: Group, atMs: number): boolean {
    if (Number.isNaN(group.shownMs)) group.shownMs = atMs;
    if (atMs - group.shownMs < this.#holdMs) return true;
    // All have seen its zeros. From now on its values are shown, and wait in turn.
    group.unseen = group.held;
    group.held = false;
    group.shownMs = atMs;
    return group.unseen;
  }

  /** The scrape that began then was cut off: it showed nothing. */
  cutOff(atMs: number): void {
    for (const group of this.#groups) if (group.shownMs === atMs) group.shownMs = Number.NaN;
  }
}
