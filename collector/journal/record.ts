/**
 * One record of the journal: the events of one request.
 *
 * Bytes: magic (4), CRC-32 of all that follows (4), length of the payload (4, big-endian), payload. The payload is one
 * JSON object a line: what the batch has in common, then each event.
 */
import { crc32 } from 'node:zlib';
import type { McpEvent } from '../catalogue/events.ts';

export interface Batch {
  readonly receivedMs: number;
  /** Kind of source it came from, such as `native`. */
  readonly sourceKind: string;
  readonly events: readonly McpEvent[];
}

export const HEADER_BYTES = 12;
/** No UTF-8 text holds the byte FF, so the start of a record can be found behind one that is damaged. */
export const MAGIC = Buffer.from([0xff, 0x4d, 0x4c, 0x31]);
const CHECKED_FROM = 8;

/** The bytes of a record. */
export function encodeRecord({ receivedMs, sourceKind, events }: Batch): Buffer {
  let text = `{"receivedMs":${receivedMs},"sourceKind":${JSON.stringify(sourceKind)}}`;
  for (const event of events) text += `\n${JSON.stringify(event)}`;
  const length = Buffer.byteLength(text);
  const record = Buffer.allocUnsafeSlow(HEADER_BYTES + length);
  MAGIC.copy(record);
  record.writeUInt32BE(length, 8);
  record.write(text, HEADER_BYTES);
  record.writeUInt32BE(crc32(record.subarray(CHECKED_FROM)), 4);
  return record;
}

/** Length of the payload that a header announces; undefined when it is no header. */
export function payloadLength(header: Buffer): number | undefined {
  return header.subarray(0, MAGIC.length).equals(MAGIC) ? header.readUInt32BE(8) : undefined;
}

/** Whether the bytes of a whole record are those that were written. */
export const isSound = (record: Buffer): boolean =>
  crc32(record.subarray(CHECKED_FROM)) === record.readUInt32BE(4);

/** The batch in a sound record. */
export function decodeRecord(record: Buffer): Batch {
  const [head, ...lines] = record.toString('utf8', HEADER_BYTES).split('\n');
  const common: Omit<Batch, 'events'> = JSON.parse(head!);
  return { ...common, events: lines.map((line) => JSON.parse(line)) };
}
