/**
 * What a session remembers of the sentences that tools gave it: hashes of the names and words in them and what is
 * unusual about them, never the texts. The oldest make room.
 */
import { mix } from '../text/hash.ts';

/** Bits of a remembered sentence. */
export const Trait = {
  /** The tool, known from other sessions, never gave it. */
  novel: 1,
  /** Free text of some words, not a value under a key. */
  prose: 1 << 1,
  /** Begins with a command. */
  command: 1 << 2,
  /** Speaks to its reader. */
  you: 1 << 3,
  /** Obliges or presses. */
  oblige: 1 << 4,
  /** Under a key that this tool's results never had. */
  newKey: 1 << 5,
  /** Under a key whose values are far shorter elsewhere. */
  overlong: 1 << 6,
  /** The same sentence stood in another place of the session's results. */
  repeated: 1 << 7,
  /** The tool returns what third parties wrote. */
  untrusted: 1 << 8,
  /** Too few sessions to know the tool. */
  unknownTool: 1 << 9,
} as const;

const SENTENCES = 128;
const WORDS = 1_024;
const NAMES = 1_024;
const FIRST_NAMES = 8;
const FULL = 0.75;
/** Of the first words, whose bits say which words may be there. */
const BITS = 32;
const EMPTY = new Uint32Array(0);
/** The objects around the tables. */
const OVERHEAD_BYTES = 768;
const LONGEST_SENTENCE = 96;
const FIRST_LENGTH = 48;
/** Numbers of one sentence in the table. */
const STEP = 6;
/** In place of a sentence: the agent used the name before any tool gave it. */
export const OWN = 0xfffffff1;
/** In place of a sentence: one that the tool gave in other sessions too. */
export const KNOWN = 0xfffffff0;
const IN_RECORD = 1 << 30;

export interface Sentence {
  readonly traits: number;
  /** Points of its passage. */
  readonly points: number;
  readonly call: number;
  readonly hash: number;
}

export class Passages {
  /** Of each remembered sentence: traits, points, call, first word, words, hash. */
  #sentences: Uint32Array = EMPTY;
  /** The first ones are a bit for each word that was remembered, so that most others need no search. */
  #words: Uint32Array = EMPTY;
  #count = 0;
  #wordCount = 0;
  /** Hash, then sentence number + 1. */
  #names: Uint32Array = new Uint32Array(2 * FIRST_NAMES);
  #nameCount = 0;

  get bytes(): number {
    return OVERHEAD_BYTES + this.#sentences.byteLength + this.#words.byteLength + this.#names.byteLength;
  }

  forget(): void {
    this.#sentences = EMPTY;
    this.#words = EMPTY;
    this.#names = new Uint32Array(2 * FIRST_NAMES);
    this.#count = 0;
    this.#wordCount = 0;
    this.#nameCount = 0;
  }

  /** The oldest sentence that is still there. */
  get oldest(): number {
    return Math.max(0, this.#count - SENTENCES);
  }

  get count(): number {
    return this.#count;
  }

  /** Makes room for what comes next at once, instead of again and again. */
  reserve(sentences: number, words: number, names: number): void {
    this.#sentences = roomFor(
      this.#sentences,
      Math.min(SENTENCES, this.#count + sentences) * STEP,
      SENTENCES * STEP,
    );
    this.#words = roomFor(this.#words, BITS + Math.min(WORDS, this.#wordCount + words), BITS + WORDS);
    let slots = this.#names.length / 2;
    while (slots < NAMES && this.#nameCount + names >= slots * FULL) slots *= 2;
    if (slots > this.#names.length / 2) this.#widenNames(slots);
  }

  add(
    traits: number,
    points: number,
    call: number,
    hash: number,
    words: Uint32Array,
    from: number,
    to: number,
  ): number {
    const at = (this.#count % SENTENCES) * STEP;
    this.#sentences = roomFor(this.#sentences, at + STEP, SENTENCES * STEP);
    const length = Math.min(to - from, LONGEST_SENTENCE);
    const sentences = this.#sentences;
    sentences[at] = traits;
    sentences[at + 1] = points;
    sentences[at + 2] = call;
    sentences[at + 3] = this.#wordCount;
    sentences[at + 4] = length;
    sentences[at + 5] = hash;
    this.#words = roomFor(this.#words, BITS + Math.min(WORDS, this.#wordCount + length), BITS + WORDS);
    const remembered = this.#words;
    for (let i = 0; i < length; i++) {
      const word = words[from + i]!;
      remembered[BITS + ((this.#wordCount + i) % WORDS)] = word;
      remembered[(word >>> 5) % BITS]! |= 1 << (word & 31);
    }
    this.#wordCount += length;
    return this.#count++;
  }

  sentence(number: number): Sentence | undefined {
    if (number < this.oldest || number >= this.#count) return undefined;
    const at = (number % SENTENCES) * STEP;
    const s = this.#sentences;
    return { traits: s[at]!, points: s[at + 1]!, call: s[at + 2]!, hash: s[at + 5]! };
  }

  /** Links a name to the sentence it stands in; what the agent or a known sentence gave first stays theirs. */
  name(hash: number, sentence: number): void {
    if (this.#nameCount >= (this.#names.length / 2) * FULL) this.#roomForNames();
    if (this.#put(hash || 1, sentence)) this.#nameCount++;
  }

  /** The sentence that gave a name; `OWN` or `KNOWN` when there is none to suspect; undefined when nothing gave it. */
  nameAt(hash: number): number | undefined {
    const slot = this.#slotOf(hash || 1);
    const value = this.#names[slot + 1]!;
    return this.#names[slot] === 0 ? undefined : value >= KNOWN ? value : value & ~IN_RECORD;
  }

  /** The name also stands as a value of a record, where names belong. */
  inRecord(hash: number): boolean {
    return (this.#names[this.#slotOf(hash || 1) + 1]! & IN_RECORD) !== 0;
  }

  #roomForNames(): void {
    const slots = this.#names.length / 2;
    if (slots < NAMES) {
      this.#widenNames(2 * slots);
      return;
    }
    this.#names = new Uint32Array(2 * FIRST_NAMES);
    this.#nameCount = 0;
  }

  #widenNames(slots: number): void {
    const old = this.#names;
    this.#names = new Uint32Array(2 * slots);
    if (this.#nameCount === 0) return;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      const slot = this.#slotOf(old[i]!);
      this.#names[slot] = old[i]!;
      this.#names[slot + 1] = old[i + 1]!;
    }
  }

  /** Of the name, or the free one where it belongs. */
  #slotOf(hash: number): number {
    const names = this.#names;
    const mask = names.length / 2 - 1;
    let slot = hash & mask;
    while (names[2 * slot] !== 0 && names[2 * slot] !== hash) slot = (slot + 1) & mask;
    return 2 * slot;
  }

  /** True when the name is new. */
  #put(hash: number, sentence: number): boolean {
    const names = this.#names;
    const slot = this.#slotOf(hash);
    const inRecord =
      sentence < KNOWN && !((this.sentence(sentence)?.traits ?? 0) & Trait.prose) ? IN_RECORD : 0;
    if (names[slot] === 0) {
      names[slot] = hash;
      names[slot + 1] = sentence >= KNOWN ? sentence : sentence | inRecord;
      return true;
    }
    const known = names[slot + 1]!;
    if (known >= KNOWN || sentence >= KNOWN) return false;
    const heavier = this.#weight(sentence) > this.#weight(known & ~IN_RECORD);
    names[slot + 1] = ((heavier ? sentence : known & ~IN_RECORD) | (known & IN_RECORD) | inRecord) >>> 0;
    return false;
  }

  #weight(number: number): number {
    const sentence = this.sentence(number);
    return sentence ? 1 + 4 * sentence.points + (sentence.traits & Trait.prose ? 2 : 0) : 0;
  }

  /** Calls `found` for each remembered sentence that has these words in a row. */
  eachWith(run: Uint32Array, from: number, length: number, found: (sentence: number) => void): void {
    for (let i = 0; i < length; i++) if (!this.mayHave(run[from + i]!)) return;
    const first = run[from]!;
    for (let number = this.oldest; number < this.#count; number++) {
      const at = (number % SENTENCES) * STEP;
      const start = this.#sentences[at + 3]!;
      const words = this.#sentences[at + 4]!;
      if (words < length || start + WORDS < this.#wordCount) continue;
      for (let i = 0; i + length <= words; i++) {
        if (this.#wordAt(start + i) !== first) continue;
        let same = 1;
        while (same < length && this.#wordAt(start + i + same) === run[from + same]) same++;
        if (same === length) {
          found(number);
          break;
        }
      }
    }
  }

  #wordAt(position: number): number {
    return this.#words[BITS + (position % WORDS)]!;
  }

  /** False for most words that no remembered sentence has. */
  mayHave(word: number): boolean {
    return this.#words.length > 0 && (this.#words[(word >>> 5) % BITS]! & (1 << (word & 31))) !== 0;
  }

  hasWord(number: number, word: number): boolean {
    if (!this.mayHave(word)) return false;
    const at = (number % SENTENCES) * STEP;
    const start = this.#sentences[at + 3]!;
    if (start + WORDS < this.#wordCount) return false;
    for (let i = 0; i < this.#sentences[at + 4]!; i++) if (this.#wordAt(start + i) === word) return true;
    return false;
  }
}

/** What is kept of a hash: nothing without the key. */
export const keyed = (hash: number, key: number): number => mix(hash ^ key);

function roomFor(table: Uint32Array, needed: number, most: number): Uint32Array {
  if (needed <= table.length) return table;
  const wider = new Uint32Array(Math.min(most, Math.max(needed, 1.5 * table.length, FIRST_LENGTH)));
  if (table.length > 0) wider.set(table);
  return wider;
}
