/**
 * Takes a text apart in one pass: its words and what they can mean, its sentences, the keys that parts of it stand
 * under, and the names in it that a call could use (addresses, links, accounts, identifiers). Linear in the text,
 * without patterns, into buffers that are used again: read them before the next scan.
 */
import { PAYLOAD_LENGTH } from '../payload.ts';
import { CharClass, classOf, folded } from './fold.ts';
import { HASH_START, hashNext, join, mix } from './hash.ts';
import { meaningOf, Word } from './lexicon.ts';
import { Names } from './names.ts';

/** A line this long was probably broken by whoever laid the text out, in the middle of a sentence. */
const WRAPPED_LINE = 55;
/** Words before a colon that still make a key. */
const KEY_WORDS = 3;
const MAXIMUM_WORDS = PAYLOAD_LENGTH / 2 + 1;
const MAXIMUM_SENTENCES = 1_024;

/** Bits of a sentence beside those of its words. */
export const Mark = {
  /** Its first word, courtesies apart, is a command. */
  command: 1 << 17,
  /** A tag or a bracket as chats and prompts are built of. */
  tag: 1 << 18,
  /** Holds the brackets and quotes of a record rather than of a sentence. */
  record: 1 << 19,
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
  /** Of each sentence: parts between blanks, of which an address is one. */
  readonly parts = new Uint16Array(MAXIMUM_SENTENCES);
  sentenceCount = 0;
  /** What was read, which is what positions mean. */
  text = '';
  readonly names = new Names();

  read(text: string): this {
    this.wordCount = 0;
    this.sentenceCount = 0;
    this.names.clear();
    this.text = text.includes('\ud835') ? text.normalize('NFKC').slice(0, PAYLOAD_LENGTH) : text;
    this.#walk(this.text);
    return this;
  }

  /** Number of words of a sentence. */
  length(sentence: number): number {
    return this.wordFrom[sentence + 1]! - this.wordFrom[sentence]!;
  }

  #walk(text: string): void {
    const end = Math.min(text.length, PAYLOAD_LENGTH);
    let word = HASH_START;
    let leet = HASH_START;
    let letters = 0;
    let digits = 0;
    let chunkFrom = -1;
    let chunkJoins = 0;
    let chunkDigits = 0;
    let lineFrom = 0;
    let lineWords = 0;
    let bits = 0;
    let key = 0;
    let lead = true;
    let sentenceFrom = 0;
    let sentenceWord = 0;
    let parts = 0;

    const endWord = () => {
      const hash = mix(word);
      let meaning = letters > 0 ? meaningOf(hash) : 0;
      if (meaning === 0 && letters > 1 && digits > 0) meaning = meaningOf(mix(leet));
      if (letters > 0) {
        if (lead && meaning & Word.command) bits |= Mark.command;
        lead = (meaning & LEADS) !== 0 && !(meaning & Word.command);
      }
      bits |= meaning;
      this.words[this.wordCount++] = hash;
      lineWords++;
      word = HASH_START;
      leet = HASH_START;
      letters = 0;
      digits = 0;
    };
    const endChunk = (at: number) => {
      if (chunkJoins > 0 || chunkDigits > 0) this.names.add(text, chunkFrom, at, this.sentenceCount);
      chunkFrom = -1;
      chunkJoins = 0;
      chunkDigits = 0;
    };
    const endSentence = (at: number) => {
      if (this.wordCount > sentenceWord && this.sentenceCount < MAXIMUM_SENTENCES) {
        const i = this.sentenceCount++;
        this.wordFrom[i] = sentenceWord;
        this.wordFrom[i + 1] = this.wordCount;
        this.textFrom[i] = sentenceFrom;
        this.textFrom[i + 1] = at;
        this.bits[i] = bits;
        this.key[i] = key;
        this.parts[i] = parts;
        let hash = 0;
        for (let w = sentenceWord; w < this.wordCount; w++) hash = (Math.imul(hash, 31) + this.words[w]!) | 0;
        this.hash[i] = mix(hash);
        bits = 0;
      }
      bits &= Mark.tag;
      sentenceWord = this.wordCount;
      parts = 0;
      sentenceFrom = at;
      lead = true;
    };

    for (let i = 0; i <= end; i++) {
      let unit = i < end ? folded[text.charCodeAt(i)]! : 10;
      let kind = classOf[unit]!;
      // Texts within JSON or YAML texts spell a line's end with two characters.
      if (unit === 92 && i + 1 < end) {
        const next = text.charCodeAt(i + 1);
        if (next === 110 || next === 116 || next === 114) {
          unit = 10;
          kind = CharClass.newline;
          i++;
        } else if (next === 10) {
          i++;
          while (i + 1 < end && text.charCodeAt(i + 1) === 32) i++;
          if (text.charCodeAt(i + 1) === 92) i++;
          continue;
        }
      }
      if (kind === CharClass.letter || kind === CharClass.digit) {
        if (chunkFrom < 0) {
          chunkFrom = i;
          parts++;
        }
        if (kind === CharClass.digit) {
          digits++;
          chunkDigits++;
          leet = hashNext(leet, leetLetter(unit));
        } else {
          letters++;
          leet = hashNext(leet, unit);
        }
        word = hashNext(word, unit);
        continue;
      }
      if (kind === CharClass.none) continue;
      if (letters + digits > 0) endWord();
      if (kind === CharClass.ideograph) {
        if (chunkFrom >= 0) endChunk(i);
        word = hashNext(word, unit);
        letters = 1;
        endWord();
        parts++;
        lead = false;
        continue;
      }
      const next = i + 1 < end ? text.charCodeAt(i + 1) : 10;
      if (unit === 58) lead = true;
      if (
        kind === CharClass.joiner ||
        (kind === CharClass.stop && !isBreak(next) && !startsSentence(text, i))
      ) {
        if (unit === 58 && isBreak(next) && lineWords > 0 && lineWords <= KEY_WORDS) {
          // The words so far name what follows.
          let name = 0;
          for (let w = this.wordCount - lineWords; w < this.wordCount; w++) name = join(name, this.words[w]!);
          if (chunkFrom >= 0) endChunk(i);
          const kept = bits;
          if (this.wordCount - sentenceWord > lineWords) {
            const lineWord = this.wordCount;
            this.wordCount -= lineWords;
            endSentence(lineFrom);
            this.wordCount = lineWord;
          }
          key = name >>> 0;
          bits |= kept;
          sentenceWord = this.wordCount;
          lineWords = KEY_WORDS + 1;
          lead = true;
          continue;
        }
        if (chunkFrom >= 0) {
          if (isBreak(next)) endChunk(i);
          else chunkJoins++;
        } else if (unit === 47 && !isBreak(next)) {
          chunkFrom = i;
          chunkJoins = 1;
        }
        continue;
      }
      if (chunkFrom >= 0) endChunk(i);
      if (kind === CharClass.stop) endSentence(i + 1);
      else if (kind === CharClass.newline) {
        const long = i - lineFrom >= WRAPPED_LINE;
        if (!long || startsAnew(text, i + 1, end)) endSentence(i + 1);
        lineFrom = i + 1;
        lineWords = 0;
      } else if (kind === CharClass.punctuation && (unit === 60 || unit === 91 || unit === 124))
        bits |= Mark.tag;
    }
    endSentence(end);
  }
}

/** A blank line, a list item, a tag or a key follows. */
function startsAnew(text: string, from: number, end: number): boolean {
  let i = from;
  while (i < end && text.charCodeAt(i) === 32) i++;
  if (i >= end) return true;
  const first = text.charCodeAt(i);
  if (first === 10 || first === 13 || first === 92 || first === 60 || first === 35 || first === 42)
    return true;
  if (first === 45) return true;
  for (let length = 0; length < 24 && i < end; length++, i++) {
    const unit = text.charCodeAt(i);
    if (unit === 58) return length > 0 && isBreak(i + 1 < end ? text.charCodeAt(i + 1) : 10);
    if (classOf[folded[unit]!]! > CharClass.digit && unit !== 95 && unit !== 45) return false;
  }
  return false;
}

/** A capital after a small letter or a sign, as where a text was put into another without a blank. */
function startsSentence(text: string, stop: number): boolean {
  const next = text.charCodeAt(stop + 1);
  if (next < 65 || next > 90) return false;
  const before = stop > 0 ? text.charCodeAt(stop - 1) : 32;
  return (before >= 97 && before <= 122) || classOf[folded[before]!]! > CharClass.digit;
}

/** The last texts that were taken apart: detectors look at the same ones, one after the other. */
const last = Array.from({ length: 4 }, () => new Scan());
let next = 0;

/** Takes a text apart unless it just was; good until four other texts have been. */
export function scanned(text: string): Scan {
  for (const scan of last) if (scan.text === text && text !== '') return scan;
  next = (next + 1) % last.length;
  return last[next]!.read(text);
}

const isBreak = (unit: number): boolean => {
  const kind = classOf[folded[unit]!]!;
  return kind === CharClass.space || kind === CharClass.newline || kind === CharClass.punctuation;
};

function leetLetter(digit: number): number {
  return leets[digit - 48]!;
}
const leets = [...'oizeasbtbg'].map((letter) => letter.charCodeAt(0));
