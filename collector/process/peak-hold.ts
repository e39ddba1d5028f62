/** The largest value of the last moments: a monotonic queue, so that a scrape in any phase sees every peak. */
import { evaluationSeconds } from '../catalogue/evaluation.ts';
import type { CollectorConfig } from '../config.ts';

/** So long that a burst outlives one failed scrape: two intervals and the time a scrape may take. */
export const holdMsOf = (config: CollectorConfig): number => (2 * config.scrapeIntervalSeconds + 5) * 1_000;
/** So long that the slower rules, which are evaluated less often than that, see the peak of a session, too. */
export const sessionHoldMsOf = (config: CollectorConfig): number =>
  holdMsOf(config) + evaluationSeconds.slow * 1_000;

export class PeakHold {
  readonly #holdMs: number;
  /** Oldest first with strictly falling values: what is overtaken by a later, larger value cannot matter again. */
  readonly #peaks: { atMs: number; readonly value: number }[] = [];

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  add(atMs: number, value: number): void {
    this.#followClock(atMs);
    while ((this.#peaks.at(-1)?.value ?? Number.POSITIVE_INFINITY) <= value) this.#peaks.pop();
    this.#peaks.push({ atMs, value });
  }

  /** The largest value added within the hold time; 0 when there is none. */
  peak(nowMs: number): number {
    this.#followClock(nowMs);
    while (this.#peaks[0] && this.#peaks[0].atMs <= nowMs - this.#holdMs) this.#peaks.shift();
    return this.#peaks[0]?.value ?? 0;
  }

  /** When the clock has stepped back, what it now calls the future was just now: else it would be held for the step. */
  #followClock(nowMs: number): void {
    for (let i = this.#peaks.length - 1; i >= 0 && this.#peaks[i]!.atMs > nowMs; i--)
      this.#peaks[i]!.atMs = nowMs;
  }
}
