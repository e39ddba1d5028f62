/**
 * Reads ExportTraceServiceRequest and ExportLogsServiceRequest from the wire format, keeping only what a source's
 * file asks for. Field numbers are those of opentelemetry-proto 1.9 (`trace.proto`, `logs.proto`).
 *
 * A generated decoder builds every object of every span; most spans that reach the collector are not about MCP, and
 * most attributes of those that are matter to nobody here.
 */
import type { KeyTable } from './key-table.ts';
import { type KnownResource, NO_RESOURCE, type Origin, resourcesBy } from './known/resources.ts';
import { PlainAttributes } from './plain-attributes.ts';
import { type Context, readLog, readSpan } from './protobuf-records.ts';
import type { TelemetryRecord } from './record.ts';
import { WireReader } from './wire.ts';

const RESOURCE_RECORDS = 1;
const RESOURCE = 1;
const SCOPE_RECORDS = 2;
const SCOPE = 1;
const RECORDS = 2;
const SCOPE_NAME = 1;

export type Visit = (record: TelemetryRecord) => void;
/** Asked for each record: takes it by its bytes, if it can; then it is not visited. Without an origin it cannot. */
export type TakeBytes = (from: number, to: number, origin: Origin | undefined) => boolean;

interface Decoding {
  readonly reader: WireReader;
  readonly keys: KeyTable;
  readonly limit: number;
  readonly visit: Visit;
  readonly read: typeof readSpan;
  readonly plain: PlainAttributes;
  readonly take: TakeBytes | undefined;
  count: number;
}

/** Visits at most `limit` spans and returns how many more there were. Throws MalformedError or TooLargeError. */
export function decodeTraces(
  bytes: Buffer,
  keys: KeyTable,
  limit: number,
  visit: Visit,
  take?: TakeBytes,
): number {
  return decode(bytes, keys, limit, visit, readSpan, take);
}

/** As `decodeTraces`, for log records. */
export function decodeLogs(bytes: Buffer, keys: KeyTable, limit: number, visit: Visit): number {
  return decode(bytes, keys, limit, visit, readLog);
}

function decode(
  bytes: Buffer,
  keys: KeyTable,
  limit: number,
  visit: Visit,
  read: typeof readSpan,
  take?: TakeBytes,
): number {
  const reader = new WireReader(bytes);
  const plain = new PlainAttributes(reader, keys);
  const decoding: Decoding = { reader, keys, limit, visit, read, plain, take, count: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === RESOURCE_RECORDS) readResourceRecords(decoding);
    else reader.skip();
  }
  return Math.max(0, decoding.count - decoding.limit);
}

function readResourceRecords(decoding: Decoding): void {
  const { reader, keys } = decoding;
  const resources = resourcesBy(keys);
  const outer = reader.enter();
  let resource = NO_RESOURCE;
  // What records share may stand behind them on the wire, so it is read first; of several, the last holds.
  const start = reader.position;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === RESOURCE) resource = resources.next(reader);
    else reader.skip();
  }
  reader.position = start;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === SCOPE_RECORDS) readScopeRecords(decoding, resource);
    else reader.skip();
  }
  reader.leave(outer);
}

function readScopeRecords(decoding: Decoding, resource: KnownResource): void {
  const { reader } = decoding;
  const outer = reader.enter();
  let scope = '';
  const start = reader.position;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === SCOPE) scope = readScopeName(reader);
    else reader.skip();
  }
  reader.position = start;
  const context = { resource: resource.attributes, scope };
  const origin = decoding.take && resource.origin(scope);
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === RECORDS) readRecord(decoding, context, origin);
    else reader.skip();
  }
  reader.leave(outer);
}

function readRecord(decoding: Decoding, context: Context, origin: Origin | undefined): void {
  const { reader, keys, limit, visit, read, plain, take } = decoding;
  if (++decoding.count > limit) {
    reader.slice();
    return;
  }
  const outer = reader.enter();
  if (take?.(reader.position, reader.end, origin)) {
    reader.position = reader.end;
    reader.leave(outer);
    return;
  }
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
