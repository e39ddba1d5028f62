/**
 * Texts that come again and again, such as methods, tool names and the ids of sessions: finding one costs less than making
 * it anew. A text has one of two places by its hash, and a new one takes that of the older, so that it neither grows nor
 * has long ways, whatever senders send.
 */
import { type Bytes, hashOfWords, hasWords, keepWords } from './words.ts';

/** A power of two. */
const PLACES = 16_384;
/** Of a place: the length of its text in bytes, and the bytes. */
const WORDS = 32;
const LONGEST = 4 * (WORDS - 1);

/** Where a text was found: the next one that somebody reads is often the same. */
export interface TextPlace {
  place: number;
}

export class TextCache {
  readonly #texts: string[] = Array.from({ length: PLACES }, () => '');
  readonly #words = new Int32Array(PLACES * WORDS);

  /** The UTF-8 text that stands at `start` to `end` of a buffer, of which `bytes` is a view. */
  text(buffer: Buffer, bytes: Bytes, start: number, end: number, last: TextPlace): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST) return buffer.toString('utf8', start, end);
    if (this.#holds(last.place, bytes, start, length)) return this.#texts[last.place] as string;
    const place = hashOfWords(bytes, start, length) & (PLACES - 1);
    last.place = place;
    if (this.#holds(place, bytes, start, length)) return this.#texts[place] as string;
    const other = place ^ 1;
    if (this.#holds(other, bytes, start, length)) {
      last.place = other;
      return this.#texts[other] as string;
    }
    // The one that was there moves over, in place of one that is older.
    this.#texts[other] = this.#texts[place] as string;
    this.#words.copyWithin(other * WORDS, place * WORDS, place * WORDS + WORDS);
    const text = buffer.toString('utf8', start, end);
    this.#texts[place] = text;
    this.#words[place * WORDS] = length;
    keepWords(bytes, start, length, this.#words, place * WORDS + 1);
    return text;
  }

  #holds(place: number, bytes: Bytes, start: number, length: number): boolean {
    const at = place * WORDS;
    return this.#words[at] === length && hasWords(bytes, start, length, this.#words, at + 1);
  }
}
