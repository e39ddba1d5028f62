/**
 * Reads attributes as nearly all of them are written: a short key before a short text or a small number. What is written in
 * another way is left to `attributes.ts`, which reads everything and takes three times as long.
 */
import type { AttributeList } from './attribute-list.ts';
import { ANY_VALUE, KEY_VALUE, type ValueBudget } from './attributes.ts';
import type { KeyTable, SeenKey } from './key-table.ts';
import { WIRE, type WireReader } from './wire.ts';

const KEY_TAG = (KEY_VALUE.key << 3) | WIRE.bytes;
const VALUE_TAG = (KEY_VALUE.value << 3) | WIRE.bytes;
const STRING_TAG = (ANY_VALUE.string << 3) | WIRE.bytes;
const INT_TAG = (ANY_VALUE.int << 3) | WIRE.varint;
/** From here on a length, or a part of a number, is not the last byte of its varint. */
const MORE = 128;
/** Lengths and tags of a KeyValue with a key and a value. */
const SHORTEST = 6;
const LONGEST_INT_BYTES = 4;

/** Records whose attributes were read, over all requests. */
let records = 0;

export class PlainAttributes {
  readonly #reader: WireReader;
  readonly #keys: KeyTable;
  #record = 0;
  /** Whether all attributes of the record so far are plain, so that its keys are known without a search. */
  #isPlain = true;
  #before: SeenKey;

  constructor(reader: WireReader, keys: KeyTable) {
    this.#reader = reader;
    this.#keys = keys;
    this.#before = keys.first;
  }

  /** Begins with the attributes of another record. */
  start(): void {
    this.#record = ++records;
    this.#isPlain = true;
    this.#before = this.#keys.first;
  }

  /** Reads the KeyValue that follows into the record's attributes; false, and nothing read, when it is not a plain one. */
  read(into: AttributeList, budget: ValueBudget): boolean {
    this.#isPlain &&= this.#read(into, budget);
    return this.#isPlain;
  }

  #read(into: AttributeList, budget: ValueBudget): boolean {
    const reader = this.#reader;
    const { bytes, view, position, end: outer } = reader;
    if (reader.wireType !== WIRE.bytes || outer - position <= SHORTEST) return false;
    const length = bytes[position]!;
    const end = position + 1 + length;
    if (length >= MORE || length < SHORTEST || end > outer || bytes[position + 1] !== KEY_TAG) return false;
    const keyLength = bytes[position + 2]!;
    const keyStart = position + 3;
    const value = keyStart + keyLength;
    if (keyLength >= MORE || value + 3 > end) return false;
    if (bytes[value] !== VALUE_TAG || bytes[value + 1] !== end - value - 2) return false;
    const key = this.#keys.findBehind(this.#before, view, keyStart, keyLength);
    if (key === undefined) return false;
    this.#before = key;
    if (key.key !== undefined) {
      // A repeated key takes the place of the one before, which the other way finds.
      if (key.record === this.#record || budget.left === 0) return false;
      const tag = bytes[value + 2];
      const start = value + 3;
      if (tag === STRING_TAG && bytes[start] === end - start - 1) {
        into.add(key.key, reader.text(start + 1, end));
      } else if (tag === INT_TAG && end - start <= LONGEST_INT_BYTES) {
        const number = smallInt(bytes, start, end);
        if (number < 0) return false;
        into.add(key.key, number);
      } else return false;
      key.record = this.#record;
      budget.left--;
    }
    reader.position = end;
    return true;
  }
}

/** The varint that fills these four bytes at most; -1 when none does. */
function smallInt(bytes: Buffer, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    number |= (byte & (MORE - 1)) << (7 * (at - start));
    if (byte < MORE) return at === end - 1 ? number : -1;
  }
  return -1;
}
