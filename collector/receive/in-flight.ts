/** The bytes of all requests that are received and not yet answered, against one bound. */

/** What one request holds of the bound, and what it has brought. */
export interface Claim {
  /** Events, spans, records or lines in it, whatever became of them; set once they are counted. */
  events: number;
  /** Holds `bytes` more; false, and nothing held, when the bound would be exceeded. */
  add(bytes: number): boolean;
  /** Gives `bytes` of this claim back. */
  give(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}

export class BytesInFlight {
  readonly #limit: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  claim(): Claim {
    let held = 0;
    return {
      events: 0,
      add: (bytes) => {
        if (this.#bytes + bytes > this.#limit) return false;
        this.#bytes += bytes;
        held += bytes;
        return true;
      },
      give: (bytes) => {
        this.#bytes -= bytes;
        held -= bytes;
      },
      release: () => {
        this.#bytes -= held;
        held = 0;
      },
    };
  }
}
