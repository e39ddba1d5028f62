/** The last calls of an open session, around a ring in its row. Like the session, not to be kept. */
import { RECENT_CALLS, type RecentCalls } from './recent-calls.ts';
import { field, type SessionRows, WORDS_PER_CALL } from './session-rows.ts';

/** A size that is not known; results of 4 GiB and more count as one byte less. */
const UNKNOWN_BYTES = 2 ** 32 - 1;

export class CallsOfRow implements RecentCalls {
  readonly #rows: SessionRows;
  readonly #words: Uint32Array;
  readonly #at: number;

  constructor(rows: SessionRows, row: number) {
    this.#rows = rows;
    this.#words = rows.words(row);
    this.#at = rows.start(row);
  }

  get length(): number {
    return this.#words[this.#at + field.recentCount]!;
  }

  endpoint(i: number): string {
    return this.#rows.names.text(this.#words[this.#placeOf(i)]!);
  }

  responseBytes(i: number): number | undefined {
    const bytes = this.#words[this.#placeOf(i) + 1]!;
    return bytes === UNKNOWN_BYTES ? undefined : bytes;
  }

  /** The number of its endpoint among the names. */
  name(i: number): number {
    return this.#words[this.#placeOf(i)]!;
  }

  add(endpoint: string, responseBytes: number | undefined): void {
    const { names } = this.#rows;
    const name = names.hold(endpoint);
    this.addNamed(name, responseBytes ?? Number.NaN);
    names.release(name);
  }

  /** As `add`, of an endpoint by its number; a size that is not known is not a number. */
  addNamed(name: number, responseBytes: number): void {
    const words = this.#words;
    const { length } = this;
    const at = this.#placeOf(length);
    this.#rows.names.holdAgain(name);
    if (length < RECENT_CALLS) words[this.#at + field.recentCount] = length + 1;
    else {
      this.#rows.names.release(words[at]!);
      words[this.#at + field.recentOldest] = (words[this.#at + field.recentOldest]! + 1) % RECENT_CALLS;
    }
    words[at] = name;
    words[at + 1] = Number.isNaN(responseBytes) ? UNKNOWN_BYTES : Math.min(responseBytes, UNKNOWN_BYTES - 1);
  }

  /** Where the i-th call stands, 0 for the oldest. */
  #placeOf(i: number): number {
    const place = (this.#words[this.#at + field.recentOldest]! + i) % RECENT_CALLS;
    return this.#at + field.recent + place * WORDS_PER_CALL;
  }
}
