/**
 * What a segment is made of: entries, one behind the other.
 *
 * Bytes: mark (3), kind (1), CRC-32 of all that follows (4), length of the payload (4, big-endian), payload.
 */
import { crc32 } from 'node:zlib';

/**
 * `record`: the events of one request; `json_record`: the same as versions before the chain wrote it. `link` and
 * `seal`: the chain of hashes around them.
 */
export type EntryKind = 'record' | 'json_record' | 'link' | 'seal';

export const HEADER_BYTES = 12;
/** No UTF-8 text holds the byte FF, so that the next entry is soon found behind one that is damaged. */
export const MARK = Buffer.from([0xff, 0x4d, 0x4c]);
const CHECKED_FROM = 8;

const bytesOfKind: Readonly<Record<EntryKind, number>> = {
  json_record: 0x31,
  link: 0x32,
  seal: 0x33,
  record: 0x34,
};
const kindOfByte = new Map(Object.entries(bytesOfKind).map(([kind, byte]) => [byte, kind as EntryKind]));

/** An entry with `length` bytes of payload, which `fill` writes; the answer is sound when it returns. */
export function newEntry(kind: EntryKind, length: number, fill: (entry: Buffer) => void): Buffer {
  // Small ones share a block of memory: a block for each would keep the garbage collector busy.
  const entry = Buffer.allocUnsafe(HEADER_BYTES + length);
  fill(entry);
  return sealed(entry, kind);
}

/** Bytes whose payload has been written, with the header that they need. */
export function sealed(entry: Buffer, kind: EntryKind): Buffer {
  MARK.copy(entry);
  entry[MARK.length] = bytesOfKind[kind];
  entry.writeUInt32BE(entry.length - HEADER_BYTES, 8);
  entry.writeUInt32BE(crc32(entry.subarray(CHECKED_FROM)), 4);
  return entry;
}

/** Kind and length of the payload that a header announces; undefined when it is no header. */
export function readHeader(header: Buffer): { kind: EntryKind; payloadBytes: number } | undefined {
  if (header.length < HEADER_BYTES || !header.subarray(0, MARK.length).equals(MARK)) return undefined;
  const kind = kindOfByte.get(header[MARK.length]!);
  return kind && { kind, payloadBytes: header.readUInt32BE(8) };
}

/** Whether the bytes of a whole entry are those that were written. */
export const isSound = (entry: Buffer): boolean =>
  crc32(entry.subarray(CHECKED_FROM)) === entry.readUInt32BE(4);

export const payloadOf = (entry: Buffer): Buffer => entry.subarray(HEADER_BYTES);
