/**
 * Reads attributes as nearly all of them are written: a short key before a short text or a small number. What is written in
 * another way is left to `attributes.ts`, which reads everything.
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

  /**
   * Reads the KeyValue that follows, and those behind it in the same field of one byte, into the record's attributes, as far
   * as they are plain; false, and nothing read, when the first is not.
   */
  read(into: AttributeList, budget: ValueBudget, field: number): boolean {
    const reader = this.#reader;
    if (!this.#isPlain || reader.wireType !== WIRE.bytes) return false;
    const { bytes, view, end: outer } = reader;
    const tag = (field << 3) | WIRE.bytes;
    const record = this.#record;
    const first = reader.position;
    let before = this.#before;
    let at = first;
    for (;;) {
      if (outer - at <= SHORTEST) break;
      const length = bytes[at]!;
      const end = at + 1 + length;
      if (length >= MORE || length < SHORTEST || end > outer || bytes[at + 1] !== KEY_TAG) break;
      const keyLength = bytes[at + 2]!;
      const value = at + 3 + keyLength;
      if (keyLength >= MORE || value + 3 > end) break;
      if (bytes[value] !== VALUE_TAG || bytes[value + 1] !== end - value - 2) break;
      const { next } = before;
      const key = next?.isAt(view, at + 3, keyLength)
        ? next
        : this.#keys.findBehind(before, view, at + 3, keyLength);
      // One that is neither wanted nor remembered is passed over.
      if (key !== undefined) before = key;
      if (key?.key !== undefined) {
        // A repeated key takes the place of the one before, which the other way finds.
        if (key.record === record || budget.left === 0) break;
        const start = value + 3;
        const kind = bytes[value + 2];
        let read: string | number;
        if (kind === STRING_TAG && bytes[start] === end - start - 1) read = reader.text(start + 1, end, key);
        else if (kind === INT_TAG) {
          read = smallInt(bytes, start, end);
          if (read < 0) break;
        } else break;
        into.add(key.key, read);
        key.record = record;
        budget.left--;
      }
      reader.position = end;
      if (end === outer || bytes[end] !== tag) {
        this.#before = before;
        return true;
      }
      at = end + 1;
    }
    this.#isPlain = false;
    return at !== first;
  }
}

/** The varint that fills these four bytes at most; -1 when none does. */
function smallInt(bytes: Buffer, start: number, end: number): number {
  if (end - start > LONGEST_INT_BYTES) return -1;
  let number = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    number |= (byte & (MORE - 1)) << (7 * (at - start));
    if (byte < MORE) return at === end - 1 ? number : -1;
  }
  return -1;
}
