/** What is sent: bodies of each shape, enough different ones that no cache learns them by heart. */
import { asProtobuf, exportRequest } from './otlp.ts';
import { recordedCalls } from './recorded-call.ts';
import { ID_MARK, type Template, TRACE_MARK, templateOf } from './template.ts';
import { SERVERS, type ToolCall, toolCalls } from './tool-call.ts';

export const formats = ['json', 'ndjson', 'otlp-protobuf', 'otlp-json', 'recorded'] as const;
export type Format = (typeof formats)[number];

export interface Shape {
  readonly format: Format;
  readonly eventsPerRequest: number;
}

export interface Bodies {
  readonly path: string;
  readonly contentType: string;
  readonly templates: readonly Template[];
}

/** Events in all bodies of a shape together, about. */
const DIFFERENT_EVENTS = 8_000;
const LEAST_BODIES = 20;

const routes: Readonly<Record<Format, { readonly path: string; readonly contentType: string }>> = {
  json: { path: '/v1/events', contentType: 'application/json' },
  recorded: { path: '/v1/events', contentType: 'application/json' },
  ndjson: { path: '/v1/events', contentType: 'application/x-ndjson' },
  'otlp-protobuf': { path: '/v1/traces', contentType: 'application/x-protobuf' },
  'otlp-json': { path: '/v1/traces', contentType: 'application/json' },
};

/** The bytes of some calls. */
export function encode(calls: readonly ToolCall[], format: Format): Buffer {
  switch (format) {
    case 'json':
    case 'recorded':
      return Buffer.from(JSON.stringify(calls.length === 1 ? calls[0] : calls));
    case 'ndjson':
      return Buffer.from(calls.map((call) => `${JSON.stringify(call)}\n`).join(''));
    case 'otlp-protobuf':
      return asProtobuf(exportRequest(calls));
    case 'otlp-json':
      return Buffer.from(JSON.stringify(exportRequest(calls)));
  }
}

/** Bodies of a shape, their events at the present time. */
export function bodiesOf({ format, eventsPerRequest }: Shape): Bodies {
  const timeMs = Date.now();
  // A process exports the spans of its own server only; wrappers and gateways send events of any.
  const marks = () => ({ id: ID_MARK, trace: TRACE_MARK });
  const sender = (server?: number) =>
    format === 'recorded' ? recordedCalls(timeMs, marks) : toolCalls(timeMs, marks, server);
  const senders = format.startsWith('otlp')
    ? Array.from({ length: SERVERS }, (_, n) => sender(n))
    : [sender()];
  const count = Math.max(LEAST_BODIES, Math.ceil(DIFFERENT_EVENTS / eventsPerRequest));
  const templates = Array.from({ length: count }, (_, body) => {
    const next = senders[body % senders.length]!;
    const calls = Array.from({ length: eventsPerRequest }, (_, n) => next(body * eventsPerRequest + n));
    return templateOf(encode(calls, format), format === 'otlp-protobuf' ? 'bytes' : 'hex');
  });
  return { ...routes[format], templates };
}
