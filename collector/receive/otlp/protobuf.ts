/**
 * Reads ExportTraceServiceRequest and ExportLogsServiceRequest from the wire format, keeping only what a source's
 * file asks for. Field numbers are those of opentelemetry-proto 1.9 (`trace.proto`, `logs.proto`).
 *
 * A generated decoder builds every object of every span; most spans that reach the collector are not about MCP, and
 * most attributes of those that are matter to nobody here.
 */
import { AttributeList } from './attribute-list.ts';
import { readAttributesOf } from './attributes.ts';
import type { KeyTable } from './key-table.ts';
import { PlainAttributes } from './plain-attributes.ts';
import { type Context, readLog, readSpan } from './protobuf-records.ts';
import type { TelemetryRecord } from './record.ts';
import { WireReader } from './wire.ts';

const RESOURCE_RECORDS = 1;
const RESOURCE = 1;
const RESOURCE_ATTRIBUTES = 1;
const SCOPE_RECORDS = 2;
const SCOPE = 1;
const RECORDS = 2;
const SCOPE_NAME = 1;

export type Visit = (record: TelemetryRecord) => void;

interface Decoding {
  readonly reader: WireReader;
  readonly keys: KeyTable;
  readonly limit: number;
  readonly visit: Visit;
  readonly read: typeof readSpan;
  readonly plain: PlainAttributes;
  count: number;
}

/** Visits at most `limit` spans and returns how many more there were. Throws MalformedError or TooLargeError. */
export function decodeTraces(bytes: Buffer, keys: KeyTable, limit: number, visit: Visit): number {
  return decode(bytes, keys, limit, visit, readSpan);
}

/** As `decodeTraces`, for log records. */
export function decodeLogs(bytes: Buffer, keys: KeyTable, limit: number, visit: Visit): number {
  return decode(bytes, keys, limit, visit, readLog);
}

function decode(bytes: Buffer, keys: KeyTable, limit: number, visit: Visit, read: typeof readSpan): number {
  const reader = new WireReader(bytes);
  const plain = new PlainAttributes(reader, keys);
  const decoding: Decoding = { reader, keys, limit, visit, read, plain, count: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === RESOURCE_RECORDS) readResourceRecords(decoding);
    else reader.skip();
  }
  return Math.max(0, decoding.count - decoding.limit);
}

function readResourceRecords(decoding: Decoding): void {
  const { reader, keys } = decoding;
  const outer = reader.enter();
  const resource = new AttributeList();
  // What records share may stand behind them on the wire, so it is read first; of several, the last holds.
  const start = reader.position;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === RESOURCE) {
      resource.clear();
      readAttributesOf(reader, RESOURCE_ATTRIBUTES, resource, keys);
    } else reader.skip();
  }
  reader.position = start;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === SCOPE_RECORDS) readScopeRecords(decoding, resource);
    else reader.skip();
  }
  reader.leave(outer);
}

function readScopeRecords(decoding: Decoding, resource: AttributeList): void {
  const { reader } = decoding;
  const outer = reader.enter();
  let scope = '';
  const start = reader.position;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === SCOPE) scope = readScopeName(reader);
    else reader.skip();
  }
  reader.position = start;
  const context = { resource, scope };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === RECORDS) readRecord(decoding, context);
    else reader.skip();
  }
  reader.leave(outer);
}

function readRecord(decoding: Decoding, context: Context): void {
  const { reader, keys, limit, visit, read, plain } = decoding;
  if (++decoding.count > limit) {
    reader.slice();
    return;
  }
  const outer = reader.enter();
  const record = read(reader, keys, plain, context);
  reader.leave(outer);
  visit(record);
}

function readScopeName(reader: WireReader): string {
  const outer = reader.enter();
  let name = '';
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === SCOPE_NAME) name = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  return name;
}
