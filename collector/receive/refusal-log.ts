/**
 * Says in the log who was refused and why: the counter knows the reason but not the sender. A flood of refusals must
 * not fill the disk, so one sender's refusals for one reason are a line a minute, and all lines together are bounded.
 */
import type { Logger } from 'pino';
import type { RejectionReason } from '../catalogue/collector-metrics.ts';

const QUIET_MS = 60_000;
const LINES_PER_MINUTE = 100;
const REMEMBERED = 1_000;

interface Told {
  atMs: number;
  /** Refusals since the last line. */
  silent: number;
}

export class RefusalLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  /** By reason and sender, the first to be told of first. */
  readonly #told = new Map<string, Told>();
  #minuteStartedMs = 0;
  #lines = 0;

  constructor(logger: Logger, now: () => number = Date.now) {
    this.#logger = logger;
    this.#now = now;
  }

  /** `why` is the sentence that the sender was answered; it never quotes what was sent. */
  note(reason: RejectionReason, sender: string, why: string): void {
    const nowMs = this.#now();
    const key = `${reason} ${sender}`;
    const told = this.#told.get(key);
    if (told && nowMs - told.atMs < QUIET_MS) {
      told.silent++;
      return;
    }
    if (!this.#mayWrite(nowMs)) return;
    this.#told.delete(key);
    this.#told.set(key, { atMs: nowMs, silent: 0 });
    if (this.#told.size > REMEMBERED) this.#told.delete(this.#told.keys().next().value as string);
    const before = told && told.silent > 0 ? { refused_since_last_line: told.silent } : {};
    this.#logger.warn({ reason, sender, why, ...before }, 'refused a request');
  }

  #mayWrite(nowMs: number): boolean {
    if (nowMs - this.#minuteStartedMs >= QUIET_MS) {
      this.#minuteStartedMs = nowMs;
      this.#lines = 0;
    }
    return this.#lines++ < LINES_PER_MINUTE;
  }
}
