/**
 * Finds out whether bytes are one of a set of keys, without making a string of them.
 *
 * A sender writes the same keys in the same order each time, so behind each key it is known which is likely to be next,
 * and comparing with that one is all that is done.
 */
import type { WantedKeys } from './record.ts';
import type { TextPlace } from './text-cache.ts';
import { type Bytes, hashOfWords, hasWords, keepWords, wordsOf } from './words.ts';

/** A power of two. */
const SLOTS = 1_024;
/** Keys beyond the set that are remembered: enough for all that one's senders use, and no more whatever they send. */
const REMEMBERED = 512;
const LONGEST_REMEMBERED = 64;

/** A key that has been seen, of the set or not. */
export class SeenKey implements TextPlace {
  /** Undefined when it is none of the set. */
  readonly key: string | undefined;
  /** What it decides of a call, by `ROLE`. */
  role = 0;
  /** Of those of the set, in their order. */
  readonly number: number;
  readonly length: number;
  readonly words: Int32Array;
  /** The one that stood behind it last time. */
  next: SeenKey | undefined = undefined;
  /** Number of the record that has a value for it. */
  record = 0;
  /** Where the text was found that it had last. */
  place = 0;

  constructor(key: string | undefined, number: number, bytes: Bytes, start: number, length: number) {
    this.key = key;
    this.number = number;
    this.length = length;
    this.words = new Int32Array(wordsOf(length));
    keepWords(bytes, start, length, this.words, 0);
  }

  isAt(bytes: Bytes, start: number, length: number): boolean {
    return length === this.length && hasWords(bytes, start, length, this.words, 0);
  }
}

/** Of keys that are none of the set. */
const NO_NUMBER = -1;

export class KeyTable implements WantedKeys {
  readonly #keys: ReadonlySet<string>;
  readonly wanted: readonly SeenKey[];
  readonly #slots: SeenKey[][] = Array.from({ length: SLOTS }, () => []);
  /** What stands before the first key of a record. */
  readonly first: SeenKey;
  #remembered = 0;

  constructor(keys: Iterable<string>) {
    this.#keys = new Set(keys);
    const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.wanted = [...this.#keys].map((key, number) => {
      const bytes = Buffer.from(key);
      const seen = new SeenKey(key, number, viewOf(bytes), 0, bytes.length);
      this.#remember(seen, viewOf(bytes), 0);
      return seen;
    });
    this.first = new SeenKey(undefined, NO_NUMBER, viewOf(Buffer.from('')), 0, 0);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** The key that stands at `start` to `end`, or undefined when it is none of the set. */
  find(bytes: Bytes, start: number, end: number): string | undefined {
    return this.#seen(bytes, start, end - start)?.key;
  }

  /** The same as it has been seen, to be expected behind `before` from now on; undefined for one that is not remembered. */
  findBehind(before: SeenKey, bytes: Bytes, start: number, length: number): SeenKey | undefined {
    let seen = this.#seen(bytes, start, length);
    if (seen === undefined) {
      if (this.#remembered >= REMEMBERED || length > LONGEST_REMEMBERED) return undefined;
      this.#remembered++;
      seen = new SeenKey(undefined, NO_NUMBER, bytes, start, length);
      this.#remember(seen, bytes, start);
    }
    before.next = seen;
    return seen;
  }

  #seen(bytes: Bytes, start: number, length: number): SeenKey | undefined {
    if (length === 0) return undefined;
    const slot = this.#slots[hashOfWords(bytes, start, length) & (SLOTS - 1)] as SeenKey[];
    for (let i = 0; i < slot.length; i++) if (slot[i]!.isAt(bytes, start, length)) return slot[i];
    return undefined;
  }

  #remember(key: SeenKey, bytes: Bytes, start: number): void {
    this.#slots[hashOfWords(bytes, start, key.length) & (SLOTS - 1)]?.push(key);
  }
}
