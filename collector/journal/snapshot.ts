/**
 * The collector's state as of a position of the journal, so that a restart replays only what came after.
 *
 * Bytes: lines of JSON, the first the head, each other the name of a part and its value; then the ids that tell
 * repeated events; then the CRC-32 of all that (4, big-endian). A name with a dot is a list within a part, in portions.
 * It is written while it is made, so that it is never in memory as a whole.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { replaceFile } from './durable-file.ts';
import type { Position } from './segment.ts';

/** A part of the state: its name, and its value as JSON. */
export type SnapshotPart = readonly [name: string, json: string];

export interface NewSnapshot {
  /** Everything before this is in the state, nothing behind it. */
  readonly position: Position;
  readonly parts: Iterable<SnapshotPart>;
  /** The ids that tell repeated events, as `SeenIds` dumps them. */
  readonly seenIds: Buffer;
}

export interface Snapshot {
  readonly position: Position;
  /** By the names of the parts. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly seenIds: Buffer;
}

interface Head {
  readonly version: number;
  readonly position: Position;
  readonly seenIdsBytes: number;
}

const NAME = 'snapshot';
const VERSION = 2;
const NEWLINE = 0x0a;
const CHECKSUM_BYTES = 4;

/** Replaces the snapshot of a data directory. Parts are asked for one by one, with turns of others between them. */
export function writeSnapshot(dataDirectory: string, snapshot: NewSnapshot): Promise<void> {
  return replaceFile(dataDirectory, NAME, encode(snapshot));
}

function* encode({ position, parts, seenIds }: NewSnapshot): Generator<Buffer> {
  let checksum = 0;
  const checked = (bytes: Buffer) => {
    checksum = crc32(bytes, checksum);
    return bytes;
  };
  const head: Head = { version: VERSION, position, seenIdsBytes: seenIds.length };
  yield checked(Buffer.from(`${JSON.stringify(head)}\n`));
  for (const [name, json] of parts) yield checked(Buffer.from(`[${JSON.stringify(name)},${json}]\n`));
  yield checked(seenIds);
  const end = Buffer.alloc(CHECKSUM_BYTES);
  end.writeUInt32BE(checksum);
  yield end;
}

/** The snapshot of a data directory; undefined when there is none. Throws one sentence when it is damaged. */
export async function readSnapshot(dataDirectory: string): Promise<Snapshot | undefined> {
  const file = join(dataDirectory, NAME);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const content = bytes.subarray(0, -CHECKSUM_BYTES);
  if (bytes.length <= CHECKSUM_BYTES || bytes.readUInt32BE(content.length) !== crc32(content))
    throw new Error(`the snapshot ${file} is damaged, or of another version`);
  const headEnd = content.indexOf(NEWLINE);
  const head: Head = JSON.parse(content.toString('utf8', 0, headEnd));
  if (head.version !== VERSION) throw new Error(`the snapshot ${file} is of another version`);
  const idsFrom = content.length - head.seenIdsBytes;
  return {
    position: head.position,
    state: decodeParts(content.subarray(headEnd + 1, idsFrom)),
    seenIds: content.subarray(idsFrom),
  };
}

/** Line by line, since a text cannot be longer than half a gigabyte. */
function decodeParts(lines: Buffer): Record<string, unknown> {
  const state: Record<string, unknown> = Object.create(null);
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(NEWLINE, from);
    const [name, value]: [string, unknown] = JSON.parse(lines.toString('utf8', from, end));
    const [part, list] = name.split('.') as [string, string?];
    if (list === undefined) state[part] = value;
    else addPortion(state, part, list, value as unknown[]);
    from = end + 1;
  }
  return state;
}

function addPortion(state: Record<string, unknown>, part: string, list: string, portion: unknown[]): void {
  state[part] ??= {};
  const lists = state[part] as Record<string, unknown[]>;
  lists[list] ??= [];
  for (const entry of portion) lists[list].push(entry);
}
