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
/** The objects around the table. */
const OVERHEAD_BYTES = 512;
const LONGEST_SENTENCE = 96;
/** Of a call's index; the tool's number stands above. */
const CALL_BITS = 24;
const LAST_CALL = 2 ** CALL_BITS - 1;
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
  /** Call that gave it, and which of the session's tools that was. */
  readonly call: number;
  readonly tool: number;
  readonly hash: number;
}

export class Passages {
  /**
   * One table, since each costs as much as it holds: a bit for each word that was remembered, so that most others need no
   * search; the words; of each sentence its traits, points, call and tool, first word, number of words and hash; and names,
   * each with its sentence.
   */
  #table: Uint32Array = EMPTY;
  #wordRoom = 0;
  #sentenceRoom = 0;
  #nameRoom = 0;
  #count = 0;
  #wordCount = 0;
  #nameCount = 0;

  get bytes(): number {
    return OVERHEAD_BYTES + this.#table.byteLength;
  }

  forget(): void {
    this.#table = EMPTY;
    this.#wordRoom = this.#sentenceRoom = this.#nameRoom = 0;
    this.#count = this.#wordCount = this.#nameCount = 0;
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
    let slots = Math.max(FIRST_NAMES, this.#nameRoom);
    while (slots < NAMES && this.#nameCount + names >= slots * FULL) slots *= 2;
    const sentenceRoom = roomFor(this.#sentenceRoom, this.#count + sentences, SENTENCES);
    const wordRoom = roomFor(this.#wordRoom, this.#wordCount + words, WORDS);
    if (slots > this.#nameRoom || sentenceRoom > this.#sentenceRoom || wordRoom > this.#wordRoom)
      this.#widen(wordRoom, sentenceRoom, slots);
  }

  /** Numbers it from 0 on. `from` to `to` are the words that a call could use. */
  add(
    traits: number,
    points: number,
    call: number,
    tool: number,
    hash: number,
    words: Uint32Array,
    from: number,
    to: number,
  ): number {
    const length = Math.min(to - from, LONGEST_SENTENCE);
    this.reserve(1, length, 0);
    const table = this.#table;
    const at = this.#sentenceAt(this.#count);
    table[at] = traits;
    table[at + 1] = points;
    table[at + 2] = Math.min(call, LAST_CALL) | (tool << CALL_BITS);
    table[at + 3] = this.#wordCount;
    table[at + 4] = length;
    table[at + 5] = hash;
    for (let i = 0; i < length; i++) {
      const word = words[from + i]!;
      table[BITS + ((this.#wordCount + i) % WORDS)] = word;
      table[(word >>> 5) % BITS]! |= 1 << (word & 31);
    }
    this.#wordCount += length;
    return this.#count++;
  }

  #sentenceAt(number: number): number {
    return BITS + this.#wordRoom + (number % SENTENCES) * STEP;
  }

  #widen(wordRoom: number, sentenceRoom: number, nameRoom: number): void {
    const old = this.#table;
    const oldSentences = BITS + this.#wordRoom;
    const oldNames = oldSentences + this.#sentenceRoom * STEP;
    const sentences = BITS + wordRoom;
    const table = new Uint32Array(sentences + sentenceRoom * STEP + 2 * nameRoom);
    this.#table = table;
    this.#wordRoom = wordRoom;
    this.#sentenceRoom = sentenceRoom;
    this.#nameRoom = nameRoom;
    if (old.length === 0) return;
    for (let i = 0; i < oldSentences; i++) table[i] = old[i]!;
    for (let i = oldSentences; i < oldNames; i++) table[sentences - oldSentences + i] = old[i]!;
    for (let i = oldNames; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      const slot = this.#slotOf(old[i]!);
      table[slot] = old[i]!;
      table[slot + 1] = old[i + 1]!;
    }
  }

  sentence(number: number): Sentence | undefined {
    if (number < this.oldest || number >= this.#count) return undefined;
    const at = this.#sentenceAt(number);
    const table = this.#table;
    const given = table[at + 2]!;
    return {
      traits: table[at]!,
      points: table[at + 1]!,
      call: given & LAST_CALL,
      tool: given >>> CALL_BITS,
      hash: table[at + 5]!,
    };
  }

  /** Links a name to the sentence it stands in; what the agent or a known sentence gave first stays theirs. */
  name(hash: number, sentence: number): void {
    if (this.#nameCount >= this.#nameRoom * FULL) this.#roomForNames();
    if (this.#put(hash || 1, sentence)) this.#nameCount++;
  }

  /** The sentence that gave a name; `OWN` or `KNOWN` when there is none to suspect; undefined when nothing gave it. */
  nameAt(hash: number): number | undefined {
    if (this.#nameCount === 0) return undefined;
    const slot = this.#slotOf(hash || 1);
    const value = this.#table[slot + 1]!;
    return this.#table[slot] === 0 ? undefined : value >= KNOWN ? value : value & ~IN_RECORD;
  }

  /** The name also stands as a value of a record, where names belong. */
  inRecord(hash: number): boolean {
    return this.#nameCount > 0 && (this.#table[this.#slotOf(hash || 1) + 1]! & IN_RECORD) !== 0;
  }

  /** The names begin anew when there are too many. */
  #roomForNames(): void {
    if (this.#nameRoom < NAMES) {
      this.#widen(this.#wordRoom, this.#sentenceRoom, Math.max(FIRST_NAMES, 2 * this.#nameRoom));
      return;
    }
    this.#table.fill(0, this.#table.length - 2 * this.#nameRoom);
    this.#nameCount = 0;
  }

  /** Of the name, or the free one where it belongs. */
  #slotOf(hash: number): number {
    const table = this.#table;
    const names = table.length - 2 * this.#nameRoom;
    const mask = this.#nameRoom - 1;
    let slot = hash & mask;
    while (table[names + 2 * slot] !== 0 && table[names + 2 * slot] !== hash) slot = (slot + 1) & mask;
    return names + 2 * slot;
  }

  /** True when the name is new. */
  #put(hash: number, sentence: number): boolean {
    const table = this.#table;
    const slot = this.#slotOf(hash);
    const inRecord =
      sentence < KNOWN && !((this.sentence(sentence)?.traits ?? 0) & Trait.prose) ? IN_RECORD : 0;
    if (table[slot] === 0) {
      table[slot] = hash;
      table[slot + 1] = sentence >= KNOWN ? sentence : sentence | inRecord;
      return true;
    }
    const known = table[slot + 1]!;
    if (known >= KNOWN || sentence >= KNOWN) return false;
    const heavier = this.#weight(sentence) > this.#weight(known & ~IN_RECORD);
    table[slot + 1] = ((heavier ? sentence : known & ~IN_RECORD) | (known & IN_RECORD) | inRecord) >>> 0;
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
      const at = this.#sentenceAt(number);
      const start = this.#table[at + 3]!;
      const words = this.#table[at + 4]!;
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
    return this.#table[BITS + (position % WORDS)]!;
  }

  /** False for most words that no remembered sentence has. */
  mayHave(word: number): boolean {
    return this.#count > 0 && (this.#table[(word >>> 5) % BITS]! & (1 << (word & 31))) !== 0;
  }

  hasWord(number: number, word: number): boolean {
    if (!this.mayHave(word)) return false;
    const at = this.#sentenceAt(number);
    const start = this.#table[at + 3]!;
    if (start + WORDS < this.#wordCount) return false;
    for (let i = 0; i < this.#table[at + 4]!; i++) if (this.#wordAt(start + i) === word) return true;
    return false;
  }
}

/** What is kept of a hash: nothing without the key. */
export const keyed = (hash: number, key: number): number => mix(hash ^ key);

/** As much as needed at first, and half as much again later: a result of many fields adds a little each time. */
function roomFor(room: number, needed: number, most: number): number {
  if (needed <= room || room === most) return room;
  return Math.min(most, room === 0 ? needed : Math.max(needed, Math.ceil(1.5 * room)));
}
