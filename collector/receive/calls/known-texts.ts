/**
 * What is known by texts of a call, such as its tool, found by their bytes: as settings are (`known-settings.ts`).
 *
 * The texts of an entry stand behind each other in one array, so that comparing them waits for memory once. An entry has
 * one of four places by its hash, and a new one takes the place of an old one: the table neither grows nor has long ways,
 * whatever names senders invent. The hash begins with a secret, so that nobody can aim at a place.
 */
import { NAME_LENGTH } from '../../catalogue/events.ts';
import { placeFor, WAYS } from './hash.ts';
import { endOfText, firstBytes } from './scan.ts';
import { asciiText, view } from './scratch.ts';

/** Texts of the call that is read: where each starts, and how long it is. */
export class Spans {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;

  constructor(count: number) {
    this.starts = new Int32Array(count);
    this.lengths = new Int32Array(count);
  }

  text(i: number): string {
    const start = this.starts[i]!;
    return asciiText(start, start + this.lengths[i]!);
  }

  /** Whether a text is one to be known: a name or an id without anything that JSON writes in another way. */
  isPlain(i: number): boolean {
    const start = this.starts[i]!;
    const length = this.lengths[i]!;
    return length <= NAME_LENGTH && endOfText(start) === start + length;
  }
}

export class KnownTexts<T> {
  readonly #spans: Spans;
  readonly #places: number;
  readonly #width: number;
  /** For each place the hash, which texts it has, and then each text: its length and its bytes. */
  readonly #words: Int32Array;
  readonly #values: (T | undefined)[];
  #next = 0;

  /** `places`: a power of two. `width`: words of four bytes that an entry has. */
  constructor(spans: Spans, places: number, width: number) {
    this.#spans = spans;
    this.#places = places;
    this.#width = width;
    this.#words = new Int32Array(places * width);
    this.#values = Array.from({ length: places }, () => undefined);
  }

  /** What is known by these texts: the bits of `which` say which ones they are, those above say more that must be the same. */
  find(hash: number, which: number): T | undefined {
    const first = hash & (this.#places - 1);
    for (let way = 0; way < WAYS; way++)
      if (this.#holds(first ^ way, hash, which)) return this.#values[first ^ way];
    return undefined;
  }

  /** Remembers something by texts that are not known. Texts that are too long are not remembered. */
  add(hash: number, which: number, value: T): void {
    const { starts, lengths } = this.#spans;
    const words: number[] = [hash, which];
    for (let i = 0; i < starts.length; i++) {
      if ((which & (1 << i)) === 0) continue;
      const length = lengths[i]!;
      words.push(length);
      for (let from = 0; from < length; from += 4) {
        const word = view.getInt32(starts[i]! + from, true);
        words.push(length - from >= 4 ? word : firstBytes(word, length - from));
      }
    }
    if (words.length > this.#width) return;
    const place = placeFor(this.#values, hash, this.#next++);
    this.#words.set(words, place * this.#width);
    this.#values[place] = value;
  }

  #holds(place: number, hash: number, which: number): boolean {
    const words = this.#words;
    const { starts, lengths } = this.#spans;
    let at = place * this.#width;
    if (words[at++] !== hash || words[at++] !== which) return false;
    for (let i = 0; i < starts.length; i++) {
      if ((which & (1 << i)) === 0) continue;
      const length = lengths[i]!;
      if (words[at++] !== length) return false;
      let from = starts[i]!;
      for (const whole = from + (length & ~3); from < whole; from += 4)
        if (view.getInt32(from, true) !== words[at++]) return false;
      if ((length & 3) !== 0 && firstBytes(view.getInt32(from, true), length & 3) !== words[at++])
        return false;
    }
    return true;
  }
}
