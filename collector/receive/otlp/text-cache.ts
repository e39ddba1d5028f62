/**
 * Texts that come again and again, such as methods, tool names and the ids of sessions: finding one costs a fifth of making
 * it anew. A text has one of two places by its hash, and a new one takes that of the older, so that it neither grows nor
 * has long ways, whatever senders send.
 */
import { type Bytes, hashOfWords, hasWords, keepWords } from './words.ts';

/** A power of two. */
const PLACES = 16_384;
const LONGEST = 128;
const WORDS = LONGEST / 4;

export class TextCache {
  readonly #texts: string[] = Array.from({ length: PLACES }, () => '');
  /** Bytes of each text, since characters beyond ASCII have several. */
  readonly #lengths = new Uint8Array(PLACES);
  readonly #words = new Int32Array(PLACES * WORDS);

  /** The UTF-8 text that stands at `start` to `end` of a buffer, of which `bytes` is a view. */
  text(buffer: Buffer, bytes: Bytes, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST) return buffer.toString('utf8', start, end);
    const place = hashOfWords(bytes, start, length) & (PLACES - 1);
    if (this.#holds(place, bytes, start, length)) return this.#texts[place] as string;
    const other = place ^ 1;
    if (this.#holds(other, bytes, start, length)) return this.#texts[other] as string;
    // The one that was there moves over, in place of one that is older.
    this.#texts[other] = this.#texts[place] as string;
    this.#lengths[other] = this.#lengths[place] as number;
    this.#words.copyWithin(other * WORDS, place * WORDS, place * WORDS + WORDS);
    const text = buffer.toString('utf8', start, end);
    this.#texts[place] = text;
    this.#lengths[place] = length;
    keepWords(bytes, start, length, this.#words, place * WORDS);
    return text;
  }

  #holds(place: number, bytes: Bytes, start: number, length: number): boolean {
    return this.#lengths[place] === length && hasWords(bytes, start, length, this.#words, place * WORDS);
  }
}
