/**
 * Runs of bytes that together decide something, and what is known by them.
 *
 * The bytes of an entry stand behind each other in one array, so comparing them waits for memory once. An entry has one of
 * four places by its hash, and a new one takes the place of an old one: the table neither grows nor has long ways,
 * whatever senders send. The hash begins with a secret, so that nobody can aim at a place.
 */
import { mixed, placeFor, spread, WAYS } from '../../calls/hash.ts';
import { firstBytes } from '../../calls/scan.ts';
import { view } from '../../calls/scratch.ts';

/** Runs of one entry at most. */
const MOST = 24;

/** Runs of the scratch, each under a number that tells what it is. */
export class Runs {
  readonly numbers = new Int32Array(MOST);
  readonly starts = new Int32Array(MOST);
  readonly lengths = new Int32Array(MOST);
  count = 0;
  hash = 0;

  start(secret: number): void {
    this.hash = secret;
    this.count = 0;
  }

  /** False when there are too many. */
  add(number: number, start: number, length: number): boolean {
    const { count } = this;
    if (count === MOST) return false;
    this.numbers[count] = number;
    this.starts[count] = start;
    this.lengths[count] = length;
    this.count = count + 1;
    let hash = mixed(this.hash, (number << 16) ^ length);
    if (length >= 4) {
      // The last word of a run may begin in the one before.
      const last = start + length - 4;
      for (let at = start; at < last; at += 4) hash = mixed(hash, view.getInt32(at, true));
      hash = mixed(hash, view.getInt32(last, true));
    } else if (length > 0) hash = mixed(hash, firstBytes(view.getInt32(start, true), length));
    this.hash = hash;
    return true;
  }
}

export class KnownRuns<T> {
  readonly #places: number;
  readonly #width: number;
  /** For each place the hash, how many runs it has, and each: its number, its length and its bytes. */
  readonly #words: Int32Array;
  readonly #values: (T | undefined)[];
  #next = 0;

  /** `places`: a power of two. `width`: words of four bytes that an entry has. */
  constructor(places: number, width: number) {
    this.#places = places;
    this.#width = width;
    this.#words = new Int32Array(places * width);
    this.#values = Array.from({ length: places }, () => undefined);
  }

  find(runs: Runs): T | undefined {
    const place = this.#placeOf(spread(runs.hash), runs);
    return place < 0 ? undefined : this.#values[place];
  }

  /** Remembers something by its runs, in place of what was known by them. If they are too long, it is not remembered. */
  put(runs: Runs, value: T): void {
    const { count, numbers, starts, lengths } = runs;
    const hash = spread(runs.hash);
    const known = this.#placeOf(hash, runs);
    if (known >= 0) {
      this.#values[known] = value;
      return;
    }
    const words = [hash, count];
    for (let i = 0; i < count; i++) {
      const [start, length] = [starts[i]!, lengths[i]!];
      words.push(numbers[i]!, length);
      if (words.length + length / 4 > this.#width) return;
      if (length >= 4) {
        const last = start + length - 4;
        for (let at = start; at < last; at += 4) words.push(view.getInt32(at, true));
        words.push(view.getInt32(last, true));
      } else if (length > 0) words.push(firstBytes(view.getInt32(start, true), length));
    }
    if (words.length > this.#width) return;
    const place = placeFor(this.#values, hash, this.#next++);
    this.#words.set(words, place * this.#width);
    this.#values[place] = value;
  }

  /** -1 when nothing is known by these runs. */
  #placeOf(hash: number, runs: Runs): number {
    const first = hash & (this.#places - 1);
    for (let way = 0; way < WAYS; way++) if (this.#holds(first ^ way, hash, runs)) return first ^ way;
    return -1;
  }

  #holds(place: number, hash: number, { count, numbers, starts, lengths }: Runs): boolean {
    const words = this.#words;
    let at = place * this.#width;
    if (words[at++] !== hash || words[at++] !== count) return false;
    for (let i = 0; i < count; i++) {
      const length = lengths[i]!;
      if (words[at++] !== numbers[i] || words[at++] !== length) return false;
      let from = starts[i]!;
      if (length >= 4) {
        for (const last = from + length - 4; from < last; from += 4)
          if (view.getInt32(from, true) !== words[at++]) return false;
        if (view.getInt32(starts[i]! + length - 4, true) !== words[at++]) return false;
      } else if (length > 0 && firstBytes(view.getInt32(from, true), length) !== words[at++]) return false;
    }
    return true;
  }
}
