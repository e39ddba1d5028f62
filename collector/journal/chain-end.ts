/** Where a segment that is written no more begins and ends, found without reading the rest of it. */
import {
  type ChainEnd,
  decodeLink,
  encodeSeal,
  HASH_BYTES,
  type Hash,
  hashBefore,
  type Link,
  SEAL_BYTES,
} from './chain.ts';
import { HEADER_BYTES, isSound, payloadOf, readHeader } from './entry.ts';
import { OpenBlock } from './open-block.ts';
import { batchOf, readEntries } from './segment.ts';
import type { SegmentBytes } from './segment-bytes.ts';

/** A link is a few hundred bytes. */
const LINK_READ_BYTES = 4_096;

/** The link that a segment begins with; undefined when it begins with anything else. */
async function readFirstLink(source: SegmentBytes): Promise<Link | undefined> {
  const bytes = await source.read(0, Math.min(LINK_READ_BYTES, source.size));
  const header = readHeader(bytes);
  if (header?.kind !== 'link') return undefined;
  const entry = bytes.subarray(0, HEADER_BYTES + header.payloadBytes);
  return entry.length === HEADER_BYTES + header.payloadBytes && isSound(entry)
    ? decodeLink(entry)
    : undefined;
}

const STRETCH_BYTES = 1024 * 1024;
const SEAL_START = encodeSeal(Buffer.alloc(HASH_BYTES)).subarray(0, 4);

/** The last sound seal of a segment and where it ends, looked for from the end; undefined when there is none. */
async function lastSeal(source: SegmentBytes): Promise<{ hash: Hash; end: number } | undefined> {
  for (let to = source.size; to > 0; ) {
    const from = Math.max(0, to - STRETCH_BYTES);
    // Behind the stretch there may be the rest of a seal that begins in it.
    const bytes = await source.read(from, Math.min(source.size, to + SEAL_BYTES) - from);
    for (let at = bytes.lastIndexOf(SEAL_START); at >= 0; at = bytes.lastIndexOf(SEAL_START, at - 1)) {
      const seal = bytes.subarray(at, at + SEAL_BYTES);
      const whole = seal.length === SEAL_BYTES && readHeader(seal)?.payloadBytes === HASH_BYTES;
      if (whole && isSound(seal)) return { hash: Buffer.from(payloadOf(seal)), end: from + at + SEAL_BYTES };
      if (at === 0) break;
    }
    to = from;
  }
  return undefined;
}

/** Where the chain of a segment that is written no more ends, whatever stands behind its last seal included. */
export async function chainEndOf(source: SegmentBytes, segment: number): Promise<ChainEnd> {
  const seal = await lastSeal(source);
  const before = seal?.hash ?? hashBefore(await readFirstLink(source));
  const unsealed = new OpenBlock(before, seal?.end ?? 0);
  await unsealed.addStretch(source, unsealed.start, source.size);
  const hash = unsealed.start < source.size ? unsealed.digest() : before;
  return { segment, bytes: source.size, hash: hash.toString('hex') };
}

/** When the first commit of a segment was made, in milliseconds; undefined when nothing in it says so. */
export async function beganAt(source: SegmentBytes): Promise<number | undefined> {
  const link = await readFirstLink(source);
  if (link !== undefined) return link.timeMs;
  for await (const part of readEntries(source)) {
    try {
      const batch = batchOf(part);
      if (batch) return batch.receivedMs;
    } catch {
      // One that does not decode although its checksum is right says nothing.
    }
  }
  return undefined;
}

export async function holdsEntries(source: SegmentBytes): Promise<boolean> {
  for await (const { kind } of readEntries(source)) if (kind !== 'damage') return true;
  return false;
}
