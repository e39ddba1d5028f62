/** Reads one Span or one LogRecord. Field numbers are those of `trace.proto` and `logs.proto`. */
import { AttributeList, NO_ATTRIBUTES } from './attribute-list.ts';
import { freshBudget, readAnyValue, readAttributesOf, readKeyValue } from './attributes.ts';
import type { KeyTable } from './key-table.ts';
import type { PlainAttributes } from './plain-attributes.ts';
import type { AttributeValue, TelemetryRecord } from './record.ts';
import { millisecondsBetween, millisecondsOf, type WireReader } from './wire.ts';

const SPAN = {
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  events: 11,
  status: 15,
  flags: 16,
} as const;
const EVENT_ATTRIBUTES = 3;
const STATUS = { message: 2, code: 3 } as const;
const LOG = {
  time: 1,
  body: 5,
  attributes: 6,
  traceId: 9,
  spanId: 10,
  observedTime: 11,
  eventName: 12,
} as const;

/** `SpanFlags` of trace.proto: whether the flag about the parent is set at all, and the flag. */
export const PARENT_IS_REMOTE = { known: 0x100, remote: 0x200 } as const;

/** What the records of one scope share. */
export interface Context {
  readonly resource: AttributeList;
  readonly scope: string;
}

export function readSpan(
  reader: WireReader,
  keys: KeyTable,
  plain: PlainAttributes,
  { resource, scope }: Context,
): TelemetryRecord {
  const attributes = new AttributeList();
  const budget = freshBudget();
  plain.start();
  let eventAttributes: AttributeList | undefined;
  let traceId = '';
  let spanId = '';
  let hasParent = false;
  let name = '';
  let statusMessage = '';
  let kind = 0;
  let status = 0;
  let flags = 0;
  let startLow = 0;
  let startHigh = 0;
  let endLow = 0;
  let endHigh = 0;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case SPAN.traceId:
        traceId = reader.traceId();
        break;
      case SPAN.spanId:
        spanId = reader.spanId();
        break;
      case SPAN.parentSpanId:
        hasParent = reader.slice() < reader.position;
        break;
      case SPAN.name:
        name = reader.string();
        break;
      case SPAN.kind:
        kind = reader.int32();
        break;
      case SPAN.start:
        reader.fixed64();
        startLow = reader.low;
        startHigh = reader.high;
        break;
      case SPAN.end:
        reader.fixed64();
        endLow = reader.low;
        endHigh = reader.high;
        break;
      case SPAN.attributes:
        if (!plain.read(attributes, budget, SPAN.attributes))
          readKeyValue(reader, attributes, keys, budget, 0);
        break;
      case SPAN.events:
        eventAttributes ??= new AttributeList();
        readAttributesOf(reader, EVENT_ATTRIBUTES, eventAttributes, keys, budget);
        break;
      case SPAN.status: {
        const outer = reader.enter();
        for (let own = reader.field(); own !== 0; own = reader.field()) {
          if (own === STATUS.message) statusMessage = reader.string();
          else if (own === STATUS.code) status = reader.int32();
          else reader.skip();
        }
        reader.leave(outer);
        break;
      }
      case SPAN.flags:
        flags = reader.fixed32();
        break;
      default:
        reader.skip();
    }
  }
  const hasStart = startLow !== 0 || startHigh !== 0;
  const hasEnd = endLow !== 0 || endHigh !== 0;
  return {
    signal: 'span',
    scope,
    resource,
    name,
    kind,
    traceId,
    spanId,
    hasParent,
    parentIsRemote: flags & PARENT_IS_REMOTE.known ? (flags & PARENT_IS_REMOTE.remote) !== 0 : undefined,
    timeMs: hasEnd ? millisecondsOf(endLow, endHigh) : millisecondsOf(startLow, startHigh),
    durationMs: hasStart && hasEnd ? millisecondsBetween(startLow, startHigh, endLow, endHigh) : undefined,
    status,
    statusMessage,
    attributes,
    eventAttributes: eventAttributes ?? NO_ATTRIBUTES,
    body: null,
  };
}

export function readLog(
  reader: WireReader,
  keys: KeyTable,
  plain: PlainAttributes,
  { resource, scope }: Context,
): TelemetryRecord {
  const attributes = new AttributeList();
  const budget = freshBudget();
  plain.start();
  let traceId = '';
  let spanId = '';
  let name = '';
  let timeMs = 0;
  let observedMs = 0;
  let body: AttributeValue = null;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case LOG.time:
        reader.fixed64();
        timeMs = millisecondsOf(reader.low, reader.high);
        break;
      case LOG.observedTime:
        reader.fixed64();
        observedMs = millisecondsOf(reader.low, reader.high);
        break;
      case LOG.body:
        body = readAnyValue(reader, budget, 0);
        break;
      case LOG.attributes:
        if (!plain.read(attributes, budget, LOG.attributes))
          readKeyValue(reader, attributes, keys, budget, 0);
        break;
      case LOG.traceId:
        traceId = reader.traceId();
        break;
      case LOG.spanId:
        spanId = reader.spanId();
        break;
      case LOG.eventName:
        name = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return logRecord({
    scope,
    resource,
    name,
    traceId,
    spanId,
    timeMs: timeMs || observedMs,
    attributes,
    body,
  });
}

type LogParts = Pick<
  TelemetryRecord,
  'scope' | 'resource' | 'name' | 'traceId' | 'spanId' | 'timeMs' | 'attributes' | 'body'
>;

/** A log record: what only spans have is empty. */
export function logRecord(parts: LogParts): TelemetryRecord {
  return {
    signal: 'log',
    ...parts,
    kind: 0,
    hasParent: false,
    parentIsRemote: undefined,
    durationMs: undefined,
    status: 0,
    statusMessage: '',
    eventAttributes: NO_ATTRIBUTES,
  };
}
