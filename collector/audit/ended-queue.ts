/** Ended sessions on their way to the index, in the order in which they ended. */
import type { Session } from '../process/session.ts';

/** Sessions that may wait, about 1 kB each; far more than end while the index's thread is busy with a page. */
const WAITING_SESSIONS = 10_000;
/** Sessions and their tools in one batch: copying them to the other thread holds this one up for 2 ms at most. */
const BATCH_ROWS = 2_000;

export class EndedQueue {
  #waiting = new Set<Session>();
  #batch: ReadonlySet<Session> = new Set();
  #sinceMs: number | undefined;
  #batchSinceMs: number | undefined;
  /** Sessions that were dropped because too many waited. */
  dropped = 0;

  /** False when another one had to be dropped for it. */
  add(session: Session): boolean {
    this.#waiting.add(session);
    this.#sinceMs ??= performance.now();
    if (this.#waiting.size <= WAITING_SESSIONS) return true;
    const [oldest] = this.#waiting;
    this.#waiting.delete(oldest as Session);
    this.dropped++;
    return false;
  }

  /** Sessions that are in no batch yet. */
  get size(): number {
    return this.#waiting.size;
  }

  /** All that is not known to be written. */
  get all(): readonly Session[] {
    return [...new Set([...this.#batch, ...this.#waiting])];
  }

  /** Since when the one that has waited longest does; undefined when none waits. */
  get sinceMs(): number | undefined {
    return this.#batchSinceMs ?? this.#sinceMs;
  }

  /** The next batch, which may be empty. It waits until it is told to be done or to be put back. */
  take(): ReadonlySet<Session> {
    const batch = new Set<Session>();
    let rows = 0;
    for (const session of this.#waiting) {
      rows += 1 + session.tools.size;
      if (batch.size > 0 && rows > BATCH_ROWS) break;
      batch.add(session);
      this.#waiting.delete(session);
    }
    this.#batch = batch;
    this.#batchSinceMs = this.#sinceMs;
    this.#sinceMs = this.#waiting.size > 0 ? performance.now() : undefined;
    return batch;
  }

  done(): void {
    this.#batch = new Set();
    this.#batchSinceMs = undefined;
  }

  putBack(): void {
    this.#waiting = new Set([...this.#batch, ...this.#waiting]);
    this.#sinceMs = this.#batchSinceMs ?? this.#sinceMs;
    this.done();
  }
}
