/** Segment files: `segment-<number of its first record>.log`, each a run of records. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HEADER_BYTES, isSound, MAGIC, payloadLength } from './record.ts';

/** A place in the journal: the number of a segment's first record, and bytes into that segment. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

/** Bytes that are no record: with whole records behind them, or torn off at a segment's end by a sudden stop. */
export interface Damage {
  readonly kind: 'corrupt' | 'torn';
  readonly bytes: number;
}

/** What stands next in a segment, a sound record or damage, and where it ends. */
export interface Part {
  readonly record?: Buffer;
  readonly damage?: Damage;
  readonly end: number;
}

const WINDOW_BYTES = 1024 * 1024;
const NAME_DIGITS = 16;

export const segmentName = (first: number) => `segment-${String(first).padStart(NAME_DIGITS, '0')}.log`;

/** The segments of a folder, oldest first, with their sizes in bytes. */
export async function listSegments(directory: string): Promise<{ first: number; bytes: number }[]> {
  const firsts = (await readdir(directory))
    .map((name) => /^segment-(\d{16})\.log$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  return Promise.all(
    firsts.map(async (first) => ({ first, bytes: (await stat(join(directory, segmentName(first)))).size })),
  );
}

/** A file read through a window that slides forward, so that a small record does not cost a read. */
class Window {
  readonly #file: FileHandle;
  readonly size: number;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** The bytes from `offset` on, at least `length` of them unless the file ends before. */
  async at(offset: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.size - offset);
    const ahead = offset - this.#start;
    if (ahead < 0 || ahead + wanted > this.#bytes.length) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(Math.max(wanted, WINDOW_BYTES), this.size - offset));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
      this.#start = offset;
      this.#bytes = buffer.subarray(0, bytesRead);
    }
    return this.#bytes.subarray(offset - this.#start);
  }
}

/** The record at an offset and where it ends; undefined when no whole, sound record stands there. */
async function recordAt(
  window: Window,
  offset: number,
): Promise<{ record: Buffer; end: number } | undefined> {
  const header = await window.at(offset, HEADER_BYTES);
  if (header.length < HEADER_BYTES) return undefined;
  const length = payloadLength(header);
  if (length === undefined || offset + HEADER_BYTES + length > window.size) return undefined;
  const end = offset + HEADER_BYTES + length;
  const record = (await window.at(offset, end - offset)).subarray(0, end - offset);
  return isSound(record) ? { record, end } : undefined;
}

/** The next offset after `from` where the magic stands, or the end. */
async function nextMagic(window: Window, from: number): Promise<number> {
  for (let offset = from; offset < window.size; ) {
    const bytes = await window.at(offset, MAGIC.length);
    const at = bytes.indexOf(MAGIC);
    if (at >= 0) return offset + at;
    // The magic may straddle two windows.
    offset += Math.max(bytes.length - MAGIC.length + 1, 1);
  }
  return window.size;
}

/** Reads a segment from an offset up to another, or to its end as it is now. */
export async function* readSegment(
  directory: string,
  first: number,
  from: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<Part> {
  const file = await open(join(directory, segmentName(first)), 'r');
  try {
    const window = new Window(file, Math.min((await file.stat()).size, to));
    const damage = (kind: Damage['kind'], start: number, end: number): Part => ({
      damage: { kind, bytes: end - start },
      end,
    });
    let damagedFrom: number | undefined;
    for (let offset = from; offset < window.size; ) {
      const part = await recordAt(window, offset);
      if (part === undefined) {
        damagedFrom ??= offset;
        offset = await nextMagic(window, offset + 1);
        continue;
      }
      if (damagedFrom !== undefined) yield damage('corrupt', damagedFrom, offset);
      damagedFrom = undefined;
      yield part;
      offset = part.end;
    }
    if (damagedFrom !== undefined) yield damage('torn', damagedFrom, window.size);
  } finally {
    await file.close();
  }
}
