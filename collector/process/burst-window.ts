/**
 * The largest number of events in any window of one length, exact for the times at which events happened.
 *
 * Events arrive late and out of order. Each arrival at time t can only raise windows that contain t, so the largest of
 * those is computed, over half-open windows [s, s + w): events exactly w apart are not in one window. The result is
 * held from the arrival on, not from t, since a scrape must see it.
 */
import { PeakHold } from './peak-hold.ts';

/** A burst is over its limit by as much as this many events can say; more would be memory for a number nobody acts on. */
const MINIMUM_CAPACITY = 256;

export interface WindowShape {
  readonly windowMs: number;
  /** An event later than this is not given to the window. */
  readonly latenessMs: number;
  readonly holdMs: number;
  /** Events remembered; the peak never says more. */
  readonly capacity: number;
}

/**
 * Events that can still share a window with one to come lie within the lateness and one window. Where no window ever
 * held more than `limit`, that span holds at most `limit` for each window it takes to cover it: so a key that loses
 * an event to the capacity has shown its burst before.
 */
export const capacityFor = (limit: number, windowMs: number, latenessMs: number): number =>
  Math.max(MINIMUM_CAPACITY, limit * (Math.ceil((latenessMs + windowMs) / windowMs) + 1));

export class BurstWindow {
  readonly #shape: WindowShape;
  /** Times of events, ascending, in milliseconds. */
  #times: number[] = [];
  readonly #peaks: PeakHold;

  constructor(shape: WindowShape) {
    this.#shape = shape;
    this.#peaks = new PeakHold(shape.holdMs);
  }

  /** Counts an event that happened at `timeMs` and is processed at `nowMs`. */
  add(timeMs: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#times.splice(firstAfter(this.#times, timeMs), 0, timeMs);
    if (this.#times.length > this.#shape.capacity) this.#times.shift();
    this.#peaks.add(nowMs, this.#largestAround(timeMs));
  }

  peak(nowMs: number): number {
    return this.#peaks.peak(nowMs);
  }

  /** True when nothing in it can matter any more. */
  isSpent(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#times.length === 0 && this.peak(nowMs) === 0;
  }

  /** What survives a restart: the times, and the peak that scrapes may not have seen yet. */
  snapshot(nowMs: number): { times: number[]; peak: number } {
    return { times: [...this.#times], peak: this.peak(nowMs) };
  }

  /** Holds the peak anew, since no scrape could see it while the process was down; unless that was long ago. */
  restore(saved: { readonly times: readonly number[]; readonly peak: number }, nowMs: number): void {
    this.#times = saved.times.toSorted((a, b) => a - b).slice(-this.#shape.capacity);
    this.#forget(nowMs);
    if (saved.peak > 0 && this.#times.length > 0) this.#peaks.add(nowMs, saved.peak);
  }

  #forget(nowMs: number): void {
    const first = firstAfter(this.#times, nowMs - this.#shape.latenessMs - this.#shape.windowMs);
    if (first > 0) this.#times.splice(0, first);
  }

  /** The largest count of the windows that contain `timeMs`; one of them starts at an event. */
  #largestAround(timeMs: number): number {
    const times = this.#times;
    const { windowMs } = this.#shape;
    let end = firstAfter(times, timeMs);
    let largest = 0;
    for (let start = firstAfter(times, timeMs - windowMs); start < times.length; start++) {
      const from = times[start] as number;
      if (from > timeMs) break;
      while (end < times.length && (times[end] as number) < from + windowMs) end++;
      largest = Math.max(largest, end - start);
    }
    return largest;
  }
}

/** Index of the first time after `timeMs`, in an ascending list. */
function firstAfter(times: readonly number[], timeMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
