/** Divides the event loop between a long piece of work, done bit by bit, and everybody else. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Of the time that the others take. */
const SHARE = 0.1;
/** Together with the bit that goes beyond it less than the 5 ms that nobody should wait for. */
const MOST_MS = 4;

export class Turns {
  readonly #now: () => number;
  #untilMs = 0;

  /** `now` in milliseconds, of a clock that never steps. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * To be awaited between two bits: lets the others have their turn, unless their last one took so long that a few more
   * bits are nothing beside it. With a turn after every bit, a scrape of 100 chunks took 100 turns: five seconds where
   * requests of 500 events kept each of them busy for 50 ms, and Prometheus gives up after five.
   */
  async next(): Promise<void> {
    const leftMs = this.#now();
    if (leftMs < this.#untilMs) return;
    await nextTurn();
    const nowMs = this.#now();
    this.#untilMs = nowMs + Math.min(MOST_MS, SHARE * (nowMs - leftMs));
  }
}
