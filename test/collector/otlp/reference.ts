/**
 * The reference decoder of the differential tests: protobufjs over opentelemetry-proto's messages, and the records
 * that ours must make of what it finds.
 */
import protobuf from 'protobufjs';
import { AttributeList } from '../../../collector/receive/otlp/attribute-list.ts';
import type { AttributeValue, TelemetryRecord } from '../../../collector/receive/otlp/record.ts';

const schema = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Status { string message = 2; int32 code = 3; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; repeated Link links = 13; Status status = 15; fixed32 flags = 16; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message TraceRequest { repeated ResourceSpans resource_spans = 1; }
message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
  repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10;
  fixed64 observed_time_unix_nano = 11; string event_name = 12; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message LogsRequest { repeated ResourceLogs resource_logs = 1; }
message PartialSuccess { int64 rejected = 1; string error_message = 2; }
message Response { PartialSuccess partial_success = 1; }
message RpcStatus { int32 code = 1; string message = 2; }
`;
const { root } = protobuf.parse(schema, { keepCase: false });

export const TraceRequest = root.lookupType('TraceRequest');
export const LogsRequest = root.lookupType('LogsRequest');
export const Response = root.lookupType('Response');
export const RpcStatus = root.lookupType('RpcStatus');

/** A message as protobufjs decodes it. */
// biome-ignore lint/suspicious/noExplicitAny: its types are only known at run time
type Message = any;
type Long = { low: number; high: number; toString(): string; toNumber(): number };

const hex = (bytes: Uint8Array | undefined) =>
  Buffer.from(bytes ?? [])
    .toString('hex')
    .slice(0, 34);
const words = ({ low, high }: Long) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const wholeMs = (nanoseconds: bigint) => Number(nanoseconds / 1_000_000n);

function integer(value: Long): number | string {
  const exact = BigInt(value.toString());
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact.toString();
}

export function valueOfMessage(any: Message): AttributeValue {
  switch (any?.value) {
    case 'stringValue':
      return any.stringValue;
    case 'boolValue':
      return any.boolValue;
    case 'intValue':
      return integer(any.intValue);
    case 'doubleValue':
      return any.doubleValue;
    case 'arrayValue':
      return any.arrayValue.values.map(valueOfMessage);
    case 'kvlistValue':
      return new Map(entriesOf(any.kvlistValue.values));
    case 'bytesValue':
      return Buffer.from(any.bytesValue).toString('base64');
    default:
      return null;
  }
}

const entriesOf = (list: Message[]) =>
  list.map(({ key, value }): [string, AttributeValue] => [key, valueOfMessage(value)]);

/** Of one record; what a map would hold of the same entries. */
export function attributeList(entries: Iterable<[string, AttributeValue]>): AttributeList {
  const attributes = new AttributeList();
  for (const [key, value] of new Map(entries)) attributes.set(key, value);
  return attributes;
}

const attributesOf = (list: Message[], keys: ReadonlySet<string>) =>
  attributeList(entriesOf(list.filter(({ key }) => keys.has(key))));

/** The records of a request, by protobufjs. Throws where protobufjs does. */
export function referenceTraces(bytes: Buffer, keys: ReadonlySet<string>): TelemetryRecord[] {
  const request: Message = TraceRequest.decode(bytes);
  return request.resourceSpans.flatMap(({ resource, scopeSpans }: Message) =>
    scopeSpans.flatMap(({ scope, spans }: Message) =>
      spans.map((span: Message): TelemetryRecord => {
        const [start, end] = [words(span.startTimeUnixNano), words(span.endTimeUnixNano)];
        return {
          signal: 'span',
          scope: scope?.name ?? '',
          resource: attributesOf(resource?.attributes ?? [], keys),
          name: span.name,
          kind: span.kind,
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          hasParent: span.parentSpanId.length > 0,
          parentIsRemote: span.flags & 0x100 ? (span.flags & 0x200) !== 0 : undefined,
          timeMs: wholeMs(end || start),
          durationMs: start && end ? Number(end - start) / 1e6 : undefined,
          status: span.status?.code ?? 0,
          statusMessage: span.status?.message ?? '',
          attributes: attributesOf(span.attributes, keys),
          eventAttributes: attributesOf(
            span.events.flatMap((event: Message) => event.attributes),
            keys,
          ),
          body: null,
        };
      }),
    ),
  );
}

export function referenceLogs(bytes: Buffer, keys: ReadonlySet<string>): TelemetryRecord[] {
  const request: Message = LogsRequest.decode(bytes);
  return request.resourceLogs.flatMap(({ resource, scopeLogs }: Message) =>
    scopeLogs.flatMap(({ scope, logRecords }: Message) =>
      logRecords.map(
        (log: Message): TelemetryRecord => ({
          signal: 'log',
          scope: scope?.name ?? '',
          resource: attributesOf(resource?.attributes ?? [], keys),
          name: log.eventName,
          kind: 0,
          traceId: hex(log.traceId),
          spanId: hex(log.spanId),
          hasParent: false,
          parentIsRemote: undefined,
          timeMs: wholeMs(words(log.timeUnixNano) || words(log.observedTimeUnixNano)),
          durationMs: undefined,
          status: 0,
          statusMessage: '',
          attributes: attributesOf(log.attributes, keys),
          eventAttributes: attributeList([]),
          body: valueOfMessage(log.body),
        }),
      ),
    ),
  );
}
