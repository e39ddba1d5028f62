/**
 * The chain of hashes over the journal, which shows whether anything in it was changed, moved or taken out.
 *
 * What one group commit writes is a block: its entries and then a seal, the SHA-256 over the seal before and all bytes
 * of the block. A segment begins with a link that names the segment before it, that one's size and the last hash there,
 * so that the chain goes on over segments and restarts. A stop in the middle of a write leaves entries without a seal
 * at a segment's end; the next link's hash is over them too, as if they were sealed.
 *
 * No key is involved: who can write to the folder can write a new chain. It proves that a journal is the one whose latest
 * hash somebody keeps elsewhere, for which that hash is logged.
 *
 * One hash a commit, not an event: SHA-256 takes 0.57 ns a byte, 0.23 µs for a tool call of 410 bytes as it is written
 * (Node 24, a processor with SHA extensions).
 */
import { createHash } from 'node:crypto';
import { HEADER_BYTES, newEntry, payloadOf } from './entry.ts';

/** SHA-256, or nothing where no chain has begun. */
export type Hash = Buffer;
export const NO_HASH: Hash = Buffer.alloc(0);
export const HASH_BYTES = 32;
export const SEAL_BYTES = HEADER_BYTES + HASH_BYTES;

/** How far the chain has come: all bytes of a segment before `bytes`, and of the segments before it. */
export interface ChainEnd {
  readonly segment: number;
  readonly bytes: number;
  /** In hex. */
  readonly hash: string;
}

/** What a link says. */
export interface Link {
  readonly timeMs: number;
  /** The oldest segment kept at that time: those before were deleted by retention. */
  readonly oldest: number;
  /** At a segment's beginning: its own number, and what stands before it if anything does. */
  readonly segment?: number;
  readonly previous?: ChainEnd;
}

/** The hash of a block, given that of the block before. */
export function hashOfBlock(previous: Hash, entries: readonly Buffer[]): Hash {
  const hash = createHash('sha256').update(previous);
  for (const entry of entries) hash.update(entry);
  return hash.digest();
}

export const encodeSeal = (hash: Hash): Buffer =>
  newEntry('seal', HASH_BYTES, (entry) => hash.copy(entry, HEADER_BYTES));

export function encodeLink(link: Link): Buffer {
  const text = JSON.stringify(link);
  return newEntry('link', Buffer.byteLength(text), (entry) => entry.write(text, HEADER_BYTES));
}

/** Undefined when it is none, although its checksum is right: somebody wrote it, or its kind was another. */
export function decodeLink(entry: Buffer): Link | undefined {
  try {
    const link: Link = JSON.parse(payloadOf(entry).toString());
    const { previous } = link;
    const isWhole = previous === undefined || (isNumber(previous.segment) && isHash(previous.hash));
    return isWhole && isNumber(link.timeMs) && isNumber(link.oldest) ? link : undefined;
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown) => typeof value === 'number';
const isHash = (value: unknown) => typeof value === 'string';

/** The hash that the chain of a segment starts from, given the link it begins with, if it does. */
export const hashBefore = (link: Link | undefined): Hash =>
  link?.previous ? Buffer.from(link.previous.hash, 'hex') : NO_HASH;
