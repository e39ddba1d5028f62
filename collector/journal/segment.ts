/** Segments read entry by entry, whatever is damaged in them. */
import { type EntryKind, HEADER_BYTES, isSound, MARK, readHeader } from './entry.ts';
import { decodeJsonRecord } from './json-record.ts';
import { type Batch, decodeRecord } from './record.ts';
import type { SegmentBytes } from './segment-bytes.ts';

/** A place in the journal: the number of a segment, and bytes into that segment as it was written. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

export const isBefore = (a: Position, b: Position): boolean =>
  a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);

/** Bytes that nothing can be made of: torn off at a segment's end by a sudden stop, or corrupt. */
export interface Damage {
  readonly kind: 'corrupt' | 'torn';
  readonly bytes: number;
}

/** What stands next in a segment, a sound entry or damage, and where it starts and ends. */
export type Part = { readonly start: number; readonly end: number } & (
  | { readonly kind: EntryKind; readonly entry: Buffer }
  | { readonly kind: 'damage'; readonly damage: Damage }
);

/** The batch of a record; undefined when the part is something else. */
export function batchOf(part: Part): Batch | undefined {
  if (part.kind === 'record') return decodeRecord(part.entry);
  return part.kind === 'json_record' ? decodeJsonRecord(part.entry) : undefined;
}

const WINDOW_BYTES = 1024 * 1024;

/** A segment read through a window that slides forward, so that a small entry does not cost a read. */
class Window {
  readonly #source: SegmentBytes;
  readonly #readBytes: number;
  readonly size: number;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(source: SegmentBytes, size: number, readBytes: number) {
    this.#source = source;
    this.size = size;
    this.#readBytes = readBytes;
  }

  /** The bytes from `offset` on, at least `length` of them unless the segment ends before. */
  async at(offset: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.size - offset);
    const ahead = offset - this.#start;
    if (ahead < 0 || ahead + wanted > this.#bytes.length) {
      const bytes = Math.min(Math.max(wanted, this.#readBytes), this.size - offset);
      this.#bytes = await this.#source.read(offset, bytes);
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start);
  }
}

/** The entry at an offset; undefined when no whole, sound one stands there. */
async function entryAt(window: Window, start: number): Promise<Part | undefined> {
  const header = readHeader(await window.at(start, HEADER_BYTES));
  if (header === undefined) return undefined;
  const end = start + HEADER_BYTES + header.payloadBytes;
  if (end > window.size) return undefined;
  const entry = (await window.at(start, end - start)).subarray(0, end - start);
  return entry.length === end - start && isSound(entry)
    ? { start, end, kind: header.kind, entry }
    : undefined;
}

/** The next offset after `from` where an entry may start, or the end. */
async function nextMark(window: Window, from: number): Promise<number> {
  for (let offset = from; offset < window.size; ) {
    const bytes = await window.at(offset, MARK.length);
    const at = bytes.indexOf(MARK);
    if (at >= 0) return offset + at;
    // The mark may straddle two windows.
    offset += Math.max(bytes.length - MARK.length + 1, 1);
  }
  return window.size;
}

export interface Stretch {
  readonly from?: number;
  readonly to?: number;
  /** How much is read at a time, when an entry is not larger: less where one entry is wanted. */
  readonly readBytes?: number;
}

/** Reads a segment from an offset up to another, or to its end as it is now. */
export async function* readEntries(
  source: SegmentBytes,
  { from = 0, to = Number.POSITIVE_INFINITY, readBytes = WINDOW_BYTES }: Stretch = {},
): AsyncGenerator<Part> {
  const window = new Window(source, Math.min(source.size, to), readBytes);
  const damage = (kind: Damage['kind'], start: number, end: number): Part => ({
    start,
    end,
    kind: 'damage',
    damage: { kind, bytes: end - start },
  });
  let damagedFrom: number | undefined;
  for (let offset = from; offset < window.size; ) {
    const part = await entryAt(window, offset);
    if (part === undefined) {
      damagedFrom ??= offset;
      offset = await nextMark(window, offset + 1);
      continue;
    }
    if (damagedFrom !== undefined) yield damage('corrupt', damagedFrom, offset);
    damagedFrom = undefined;
    yield part;
    offset = part.end;
  }
  // A stop in the middle of a write leaves less than was wanted, but nothing that cannot be read.
  if (damagedFrom !== undefined) yield damage(source.damaged ? 'corrupt' : 'torn', damagedFrom, window.size);
}
