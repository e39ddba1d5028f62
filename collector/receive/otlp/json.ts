/**
 * Reads OTLP/JSON: ids are hex, names lower camel case, enums integers, 64-bit numbers strings or numbers, bytes base64.
 * The records are those that `protobuf.ts` makes of the same request.
 */
import { AttributeList } from './attribute-list.ts';
import { freshBudget } from './attributes.ts';
import {
  enumOf,
  hexOf,
  type Json,
  listOf,
  nanosecondsOf,
  objectOf,
  readAnyValue,
  readAttributes,
  stringOf,
} from './json-values.ts';
import type { Visit } from './protobuf.ts';
import { type Context, logRecord, PARENT_IS_REMOTE } from './protobuf-records.ts';
import type { TelemetryRecord, WantedKeys } from './record.ts';
import { millisecondsBetween, millisecondsOf } from './wire.ts';

/** What the three levels of a request are called, outermost first. */
interface Names {
  readonly resources: string;
  readonly scopes: string;
  readonly records: string;
}

const TRACES: Names = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' };
const LOGS: Names = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' };

/** As `decodeTraces`, for the parsed JSON of a request. */
export function decodeTracesJson(request: unknown, keys: WantedKeys, limit: number, visit: Visit): number {
  return decode(request, TRACES, keys, limit, (span, context) => visit(readSpan(span, keys, context)));
}

/** As `decodeLogs`, for the parsed JSON of a request. */
export function decodeLogsJson(request: unknown, keys: WantedKeys, limit: number, visit: Visit): number {
  return decode(request, LOGS, keys, limit, (log, context) => visit(readLog(log, keys, context)));
}

function decode(
  request: unknown,
  names: Names,
  keys: WantedKeys,
  limit: number,
  read: (record: Json, context: Context) => void,
): number {
  let count = 0;
  for (const ofResource of listOf(objectOf(request, 'the request'), names.resources)) {
    const resourceRecords = objectOf(ofResource, names.resources);
    const resource = new AttributeList();
    readAttributes(objectOf(resourceRecords.resource, 'resource'), resource, keys, freshBudget());
    for (const ofScope of listOf(resourceRecords, names.scopes)) {
      const scopeRecords = objectOf(ofScope, names.scopes);
      const scope = stringOf(objectOf(scopeRecords.scope, 'scope'), 'name');
      for (const record of listOf(scopeRecords, names.records)) {
        if (++count <= limit) read(objectOf(record, names.records), { resource, scope });
      }
    }
  }
  return Math.max(0, count - limit);
}

function readSpan(span: Json, keys: WantedKeys, { resource, scope }: Context): TelemetryRecord {
  const budget = freshBudget();
  const attributes = new AttributeList();
  readAttributes(span, attributes, keys, budget);
  const eventAttributes = new AttributeList();
  for (const event of listOf(span, 'events')) {
    readAttributes(objectOf(event, 'events'), eventAttributes, keys, budget);
  }
  const status = objectOf(span.status, 'status');
  const flags = enumOf(span, 'flags');
  const start = nanosecondsOf(span, 'startTimeUnixNano');
  const end = nanosecondsOf(span, 'endTimeUnixNano');
  const last = end ?? start;
  return {
    signal: 'span',
    scope,
    resource,
    name: stringOf(span, 'name'),
    kind: enumOf(span, 'kind'),
    traceId: hexOf(span, 'traceId'),
    spanId: hexOf(span, 'spanId'),
    hasParent: hexOf(span, 'parentSpanId') !== '',
    parentIsRemote: flags & PARENT_IS_REMOTE.known ? (flags & PARENT_IS_REMOTE.remote) !== 0 : undefined,
    timeMs: last ? millisecondsOf(last.low, last.high) : 0,
    durationMs: start && end ? millisecondsBetween(start.low, start.high, end.low, end.high) : undefined,
    status: enumOf(status, 'code'),
    statusMessage: stringOf(status, 'message'),
    attributes,
    eventAttributes,
    body: null,
  };
}

function readLog(log: Json, keys: WantedKeys, { resource, scope }: Context): TelemetryRecord {
  const budget = freshBudget();
  const attributes = new AttributeList();
  readAttributes(log, attributes, keys, budget);
  const time = nanosecondsOf(log, 'timeUnixNano') ?? nanosecondsOf(log, 'observedTimeUnixNano');
  return logRecord({
    scope,
    resource,
    name: stringOf(log, 'eventName'),
    traceId: hexOf(log, 'traceId'),
    spanId: hexOf(log, 'spanId'),
    timeMs: time ? millisecondsOf(time.low, time.high) : 0,
    attributes,
    body: readAnyValue(log.body, budget, 0),
  });
}
