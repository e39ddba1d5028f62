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
import { HEADER_BYTES, newEntry, payloadOf } from './entry.ts';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';
import type { SharedText } from './shared-texts.ts';

export interface Batch {
  /** In whole milliseconds. */
  readonly receivedMs: number;
  /** Kind of source it came from, such as `native`. */
  readonly sourceKind: string;
  readonly events: readonly McpEvent[];
}

const LENGTH_BYTES = 4;
const TEXTS_FROM = HEADER_BYTES + LENGTH_BYTES;
const writer = new RecordWriter();

/** An event, and what is known of it already. */
interface Written {
  readonly event: McpEvent;
  /** When it happened. */
  readonly timeMs?: number;
  /** By `settingOf`. */
  readonly setting?: SharedText | undefined;
}

/** The bytes of a record. Payloads are left out. */
export const encodeRecord = ({ receivedMs, sourceKind, events }: Batch): Buffer =>
  encodeArrivals(
    receivedMs,
    sourceKind,
    events.map((event) => ({ event })),
  );

/** The same of events that have been looked at. */
export function encodeArrivals(receivedMs: number, sourceKind: string, arrivals: readonly Written[]): Buffer {
  const write = (inParts: boolean): string => {
    writer.start(receivedMs, sourceKind, arrivals.length);
    for (let i = 0; i < arrivals.length; i++) {
      const { event, timeMs, setting } = arrivals[i]!;
      writer.event(event, timeMs ?? parseTime(event.time), setting, inParts);
    }
    return writer.texts();
  };
  let texts = write(true);
  // UTF-8 has no half characters, but JSON writes them as escapes.
  if (!texts.isWellFormed()) texts = write(false);
  const { numbers } = writer;
  const textBytes = Buffer.byteLength(texts);
  return newEntry('record', LENGTH_BYTES + textBytes + numbers.length, (entry) => {
    entry.writeUInt32BE(textBytes, HEADER_BYTES);
    entry.write(texts, TEXTS_FROM);
    numbers.copy(entry, TEXTS_FROM + textBytes);
  });
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
