/** The same calls as spans of the OpenTelemetry MCP conventions: 14 attributes each, 7 of their resource. */
import protobuf from 'protobufjs';
import type { ToolCall } from './tool-call.ts';

/** As much of opentelemetry-proto as such spans need. */
const schema = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; string version = 2; }
message Status { string message = 2; int32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15; fixed32 flags = 16; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
`;
const request = protobuf.parse(schema).root.lookupType('ExportTraceServiceRequest');

const SPAN_KIND_SERVER = 2;
const STATUS_ERROR = 2;
/** Sampled, and the parent is in another process. */
const FLAGS = 0x301;

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
});
const nanoseconds = (ms: number) => `${Math.round(ms * 1_000)}000`;

/** An ExportTraceServiceRequest as OTLP/JSON writes it. A process exports its own spans, so all are of one server. */
export function exportRequest(calls: readonly ToolCall[]): object {
  const { server = '', environment = '' } = calls[0] ?? {};
  const resource = {
    attributes: [
      attribute('service.name', server),
      attribute('service.version', '2.4.0'),
      attribute('deployment.environment.name', environment),
      attribute('host.name', 'documents-7f9c6d5b8-x2x7q'),
      attribute('telemetry.sdk.name', 'opentelemetry'),
      attribute('telemetry.sdk.language', 'nodejs'),
      attribute('telemetry.sdk.version', '2.12.1'),
    ],
  };
  const scope = { name: 'mcp-server', version: '1.0.0' };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: calls.map(span) }] }] };
}

function span(call: ToolCall): object {
  const endMs = Date.parse(call.time);
  return {
    traceId: call.trace_id,
    spanId: call.id.slice(-16),
    parentSpanId: '00f067aa0ba902b7',
    flags: FLAGS,
    name: `tools/call ${call.tool}`,
    kind: SPAN_KIND_SERVER,
    startTimeUnixNano: nanoseconds(endMs - (call.duration_ms ?? 0)),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: [
      attribute('mcp.method.name', 'tools/call'),
      attribute('gen_ai.tool.name', call.tool),
      attribute('gen_ai.operation.name', 'execute_tool'),
      attribute('mcp.session.id', call.session?.id ?? ''),
      attribute('mcp.protocol.version', '2025-11-25'),
      attribute('jsonrpc.request.id', String(call.request_bytes)),
      attribute('network.transport', 'tcp'),
      attribute('network.protocol.name', 'http'),
      attribute('client.address', call.source ?? ''),
      attribute('client.port', 52_044),
      attribute('mcp.client.name', call.client?.name ?? ''),
      attribute('enduser.id', call.user ?? ''),
      attribute('mcp.request.size', call.request_bytes ?? 0),
      attribute('mcp.response.size', call.response_bytes ?? 0),
    ],
    status: call.outcome === 'ok' ? {} : { code: STATUS_ERROR, message: 'the tool failed' },
  };
}

const ids = new Set(['traceId', 'spanId', 'parentSpanId']);

/** The same request as protobuf. */
export function asProtobuf(exported: object): Buffer {
  const message = JSON.parse(JSON.stringify(exported), (key, value) =>
    ids.has(key) ? Buffer.from(value, 'hex') : value,
  );
  return Buffer.from(request.encode(request.fromObject(message)).finish());
}
