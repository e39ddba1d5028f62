/**
 * One record of the journal: the events of one request.
 *
 * Bytes: length of the texts (4, big-endian), all texts behind each other in UTF-8, then numbers, which say in turn
 * what the texts are and where they end, in UTF-16 code units. Tool calls are taken apart: what the calls of a session
 * have in common, and how calls end, stands once in a record. Events of other kinds are one text each, as JSON.
 */
import type { McpEvent } from '../catalogue/events.ts';
import { parseTime } from '../receive/times.ts';
import { ByteReader } from './bytes.ts';
import { payloadOf } from './entry.ts';
import { RecordReader } from './record-reader.ts';
import { LENGTH_BYTES, RecordWriter } from './record-writer.ts';

export interface Batch {
  /** In whole milliseconds. */
  readonly receivedMs: number;
  /** Kind of source it came from, such as `native`. */
  readonly sourceKind: string;
  readonly events: readonly McpEvent[];
}

const writer = new RecordWriter();

/** The bytes of a record. Payloads are left out. */
export function encodeRecord({ receivedMs, sourceKind, events }: Batch): Buffer {
  writer.start(receivedMs, sourceKind);
  for (const event of events)
    writer.event(event, event.kind === 'tool_call' ? parseTime(event.time) : undefined, undefined);
  return Buffer.from(writer.finish());
}

/** The batch in a sound record. */
export function decodeRecord(record: Buffer): Batch {
  const payload = payloadOf(record);
  const numbersFrom = LENGTH_BYTES + payload.readUInt32BE(0);
  const reader = new RecordReader(
    payload.toString('utf8', LENGTH_BYTES, numbersFrom),
    new ByteReader(payload, numbersFrom),
  );
  return reader.batch();
}
