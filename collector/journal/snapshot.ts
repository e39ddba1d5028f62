/** The collector's state as of a position of the journal, so that a restart replays only what came after. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { replaceFile } from './durable-file.ts';
import type { Position } from './segment.ts';

export interface Snapshot {
  /** Everything before this is in the state, nothing behind it. */
  readonly position: Position;
  /** The pipeline's state as JSON. */
  readonly state: string;
  /** The ids that tell repeated events, as `SeenIds` dumps them. */
  readonly seenIds: Buffer;
}

interface Head {
  readonly version: number;
  readonly position: Position;
  readonly stateBytes: number;
}

const NAME = 'snapshot';
const VERSION = 1;
const NEWLINE = 0x0a;

/** Replaces the snapshot of a data directory. The first line is the CRC-32 of the rest. */
export function writeSnapshot(dataDirectory: string, { position, state, seenIds }: Snapshot): Promise<void> {
  const stateJson = Buffer.from(state);
  const head: Head = { version: VERSION, position, stateBytes: stateJson.length };
  const content = [Buffer.from(`${JSON.stringify(head)}\n`), stateJson, seenIds];
  const checksum = content.reduce((crc, part) => crc32(part, crc), 0);
  return replaceFile(dataDirectory, NAME, [Buffer.from(`${checksum}\n`), ...content]);
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
  const [checksum, content] = cutLine(bytes);
  if (checksum !== String(crc32(content))) throw new Error(`the snapshot ${file} is damaged`);
  const [headJson, body] = cutLine(content);
  const head: Head = JSON.parse(headJson);
  if (head.version !== VERSION) throw new Error(`the snapshot ${file} is of another version`);
  return {
    position: head.position,
    state: body.toString('utf8', 0, head.stateBytes),
    seenIds: body.subarray(head.stateBytes),
  };
}

/** The first line as text, and what stands behind it. */
function cutLine(bytes: Buffer): [string, Buffer] {
  const end = bytes.indexOf(NEWLINE);
  return end < 0 ? ['', bytes] : [bytes.toString('utf8', 0, end), bytes.subarray(end + 1)];
}
