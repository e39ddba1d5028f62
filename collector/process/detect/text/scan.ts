/**
 * Takes a text apart in one pass: its words and what they can mean, its sentences, the keys that parts of it stand
 * under, and the names in it that a call could use (addresses, links, accounts, identifiers). Linear in the text,
 * without patterns, into buffers that are used again: read them before the next scan.
 */
import { PAYLOAD_LENGTH } from '../payload.ts';
import { isBreak, leetHash, startsAnew, startsSentence } from './boundaries.ts';
import { CharClass, glyphs } from './fold.ts';
import { HASH_START, hashNext, join, mix } from './hash.ts';
import { meaningOf, Word } from './lexicon.ts';
import { Names } from './names.ts';

/** A line this long was probably broken by whoever laid the text out, in the middle of a sentence. */
const WRAPPED_LINE = 55;
/** Words before a colon that still make a key. */
const KEY_WORDS = 3;
const MAXIMUM_WORDS = PAYLOAD_LENGTH + 1;
const MAXIMUM_SENTENCES = 1_024;

/** Bits of a sentence beside those of its words. */
export const Mark = {
  /** Its first word, courtesies apart, is a command. */
  command: 1 << 17,
  /** A tag or a bracket as chats and prompts are built of. */
  tag: 1 << 18,
} as const;

/** Words that a command can follow: please send, first send. */
const LEADS = Word.oblige | Word.ahead | Word.resume | Word.urgent;

export class Scan {
  readonly words = new Uint32Array(MAXIMUM_WORDS);
  wordCount = 0;
  /** Of each sentence: first word, first code unit, bits of words and marks, key it stands under, hash. */
  readonly wordFrom = new Uint32Array(MAXIMUM_SENTENCES + 1);
  readonly textFrom = new Uint32Array(MAXIMUM_SENTENCES + 1);
  readonly bits = new Uint32Array(MAXIMUM_SENTENCES);
  readonly key = new Uint32Array(MAXIMUM_SENTENCES);
  readonly hash = new Uint32Array(MAXIMUM_SENTENCES);
  /** Of each sentence: parts between blanks, of which an address is one; in a record, those of its longest value. */
  readonly parts = new Uint16Array(MAXIMUM_SENTENCES);
  sentenceCount = 0;
  /** What was read, which is what positions mean. */
  text = '';
  readonly names = new Names();

  // The walk's own state; what is between blanks is a chunk.
  #chunkFrom = -1;
  #chunkJoins = 0;
  #chunkDigits = 0;
  #lineFrom = 0;
  #lineWords = 0;
  #bits = 0;
  #key = 0;
  #lead = true;
  #sentenceFrom = 0;
  #sentenceWord = 0;
  #parts = 0;
  #longest = 0;

  read(text: string): this {
    this.#begin();
    this.text = text.includes('\ud835') ? text.normalize('NFKC').slice(0, PAYLOAD_LENGTH) : text;
    this.#walk(this.text);
    return this;
  }

  /** Number of words of a sentence. */
  length(sentence: number): number {
    return this.wordFrom[sentence + 1]! - this.wordFrom[sentence]!;
  }

  #begin(): void {
    this.wordCount = 0;
    this.sentenceCount = 0;
    this.names.clear();
    this.#chunkFrom = -1;
    this.#chunkJoins = 0;
    this.#chunkDigits = 0;
    this.#lineFrom = 0;
    this.#lineWords = 0;
    this.#bits = 0;
    this.#key = 0;
    this.#lead = true;
    this.#sentenceFrom = 0;
    this.#sentenceWord = 0;
    this.#parts = 0;
    this.#longest = 0;
  }

  #walk(text: string): void {
    const end = Math.min(text.length, PAYLOAD_LENGTH);
    let i = 0;
    while (i < end) {
      const glyph = glyphs[text.charCodeAt(i)]!;
      const kind = glyph >>> 16;
      if (kind === CharClass.letter || kind === CharClass.digit) i = this.#word(text, i, end);
      else if (kind === CharClass.none || kind === CharClass.space) {
        if (kind === CharClass.space && this.#chunkFrom >= 0) this.#endChunk(text, i);
        i++;
      } else i = this.#sign(text, i, end, glyph & 0xffff, kind);
    }
    if (this.#chunkFrom >= 0) this.#endChunk(text, end);
    this.#endSentence(end);
  }

  /** Reads letters and digits; returns where they end. */
  #word(text: string, from: number, end: number): number {
    if (this.#chunkFrom < 0) {
      this.#chunkFrom = from;
      this.#parts++;
    }
    let hash = HASH_START;
    let digits = 0;
    let letters = 0;
    let i = from;
    for (; i < end; i++) {
      const glyph = glyphs[text.charCodeAt(i)]!;
      const kind = glyph >>> 16;
      if (kind === CharClass.letter) letters++;
      else if (kind === CharClass.digit) digits++;
      else if (kind === CharClass.none) continue;
      else break;
      hash = hashNext(hash, glyph & 0xffff);
    }
    this.#chunkDigits += digits;
    hash = mix(hash);
    let meaning = 0;
    if (letters > 0) {
      meaning = meaningOf(hash, letters);
      if (meaning === 0 && digits > 0 && letters > digits)
        meaning = meaningOf(leetHash(text, from, i), letters + digits);
    }
    this.#addWord(hash, meaning, letters > 0);
    return i;
  }

  #addWord(hash: number, meaning: number, spoken: boolean): void {
    if (spoken) {
      if (this.#lead && meaning & Word.command) this.#bits |= Mark.command;
      this.#lead = (meaning & LEADS) !== 0 && !(meaning & Word.command);
    }
    this.#bits |= meaning;
    this.words[this.wordCount++] = hash;
    this.#lineWords++;
  }

  /** Reads a sign, a line's end or an ideograph; returns where it ends. */
  #sign(text: string, at: number, end: number, unit: number, kind: number): number {
    if (kind === CharClass.ideograph) {
      if (this.#chunkFrom >= 0) this.#endChunk(text, at);
      this.#addWord(mix(hashNext(HASH_START, unit)), 0, true);
      this.#parts++;
      return at + 1;
    }
    // Texts within JSON or YAML texts spell a line's end with two characters, and break lines behind a backslash.
    if (unit === 92 && at + 1 < end) {
      const escaped = text.charCodeAt(at + 1);
      if (escaped === 110 || escaped === 116 || escaped === 114) return this.#endLine(text, at, at + 2, end);
      if (escaped === 10) {
        let i = at + 2;
        while (i < end && text.charCodeAt(i) === 32) i++;
        return i < end && text.charCodeAt(i) === 92 ? i + 1 : i;
      }
    }
    if (kind === CharClass.newline) return this.#endLine(text, at, at + 1, end);
    const next = at + 1 < end ? text.charCodeAt(at + 1) : 10;
    if (unit === 58) {
      this.#lead = true;
      if (isBreak(next) && this.#lineWords > 0 && this.#lineWords <= KEY_WORDS) {
        this.#endKey(text, at);
        return at + 1;
      }
    }
    if (
      kind === CharClass.joiner ||
      (kind === CharClass.stop && !isBreak(next) && !startsSentence(text, at))
    ) {
      if (this.#chunkFrom >= 0) {
        if (isBreak(next)) this.#endChunk(text, at);
        else this.#chunkJoins++;
      } else if (unit === 47 && !isBreak(next)) {
        this.#chunkFrom = at;
        this.#chunkJoins = 1;
      }
      return at + 1;
    }
    if (this.#chunkFrom >= 0) this.#endChunk(text, at);
    if (kind === CharClass.stop) this.#endSentence(at + 1);
    else if (unit === 60 || unit === 91 || unit === 124) this.#bits |= Mark.tag;
    else if (unit === 123 || unit === 125 || ((unit === 34 || unit === 39) && (next === 58 || next === 44)))
      this.#endValue();
    return at + 1;
  }

  /** Ends what stands between the signs of a record. */
  #endValue(): void {
    this.#longest = Math.max(this.#longest, this.#parts);
    this.#parts = 0;
  }

  #endLine(text: string, at: number, next: number, end: number): number {
    if (this.#chunkFrom >= 0) this.#endChunk(text, at);
    if (at - this.#lineFrom < WRAPPED_LINE || startsAnew(text, next, end)) this.#endSentence(next);
    this.#lineFrom = next;
    this.#lineWords = 0;
    return next;
  }

  /** The words of the line so far name what follows. */
  #endKey(text: string, at: number): void {
    const first = this.wordCount - this.#lineWords;
    let name = 0;
    for (let w = first; w < this.wordCount; w++) name = join(name, this.words[w]!);
    if (this.#chunkFrom >= 0) this.#endChunk(text, at);
    const bits = this.#bits;
    if (first > this.#sentenceWord) {
      const count = this.wordCount;
      this.wordCount = first;
      this.#endSentence(this.#lineFrom);
      this.wordCount = count;
    }
    this.#key = name;
    this.#bits |= bits;
    this.#sentenceWord = this.wordCount;
    this.#lineWords = KEY_WORDS + 1;
    this.#lead = true;
  }

  #endChunk(text: string, at: number): void {
    if (this.#chunkJoins > 0 || this.#chunkDigits > 0)
      this.names.add(text, this.#chunkFrom, at, this.sentenceCount);
    this.#chunkFrom = -1;
    this.#chunkJoins = 0;
    this.#chunkDigits = 0;
  }

  #endSentence(at: number): void {
    if (this.wordCount > this.#sentenceWord && this.sentenceCount < MAXIMUM_SENTENCES) {
      const i = this.sentenceCount++;
      this.wordFrom[i] = this.#sentenceWord;
      this.wordFrom[i + 1] = this.wordCount;
      this.textFrom[i] = this.#sentenceFrom;
      this.textFrom[i + 1] = at;
      this.bits[i] = this.#bits;
      this.key[i] = this.#key;
      this.parts[i] = Math.max(this.#longest, this.#parts);
      let hash = 0;
      for (let w = this.#sentenceWord; w < this.wordCount; w++)
        hash = (Math.imul(hash, 31) + this.words[w]!) | 0;
      this.hash[i] = mix(hash);
      this.#bits = 0;
    }
    this.#bits &= Mark.tag;
    this.#sentenceWord = this.wordCount;
    this.#parts = 0;
    this.#longest = 0;
    this.#sentenceFrom = at;
    this.#lead = true;
  }
}
