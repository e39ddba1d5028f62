/**
 * Bounds what detectors remember of all open sessions together: when it is too much, the sessions that were quiet for
 * longest are forgotten first, and that is counted. They stay open, and what they are given from then on counts.
 */

export interface Forgettable {
  /** What it holds now. */
  readonly bytes: number;
  forget(): void;
}

export class SessionMemory {
  readonly #limitBytes: number;
  /** Bytes by holder, the longest quiet first. */
  readonly #held = new Map<Forgettable, number>();
  #bytes = 0;
  /** Sessions forgotten so far. */
  evicted = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** After a change of what it holds. */
  note(holder: Forgettable): void {
    this.release(holder);
    this.#held.set(holder, holder.bytes);
    this.#bytes += holder.bytes;
    while (this.#bytes > this.#limitBytes && this.#held.size > 1) {
      const oldest = this.#held.keys().next().value as Forgettable;
      this.release(oldest);
      oldest.forget();
      this.evicted++;
    }
  }

  /** Its session has ended. */
  release(holder: Forgettable): void {
    this.#bytes -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
  }
}
