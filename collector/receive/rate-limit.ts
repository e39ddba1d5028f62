/**
 * A token bucket that is paid afterwards: what a request costs is known only when it has been read, so one request may
 * overdraw the bucket, and the next ones wait until that is paid back. Over any time, no more than the rate goes through.
 */

/** A bucket holds this much of its rate, so that a sender may deliver what it kept while the network was away. */
const BURST_SECONDS = 10;

export class RateLimit {
  /** Units per second. */
  readonly rate: number;
  readonly #now: () => number;
  #level: number;
  #atMs: number;

  /** `now` in milliseconds, of a clock that never steps. */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.rate = rate;
    this.#now = now;
    this.#level = rate * BURST_SECONDS;
    this.#atMs = now();
  }

  /** Seconds until the next request may come: 0 when it may now. */
  get waitSeconds(): number {
    this.#fill();
    return this.#level > 0 ? 0 : (1 - this.#level) / this.rate;
  }

  spend(units: number): void {
    this.#fill();
    this.#level -= units;
  }

  #fill(): void {
    const nowMs = this.#now();
    const filled = this.#level + ((nowMs - this.#atMs) / 1_000) * this.rate;
    this.#level = Math.min(filled, this.rate * BURST_SECONDS);
    this.#atMs = nowMs;
  }
}
