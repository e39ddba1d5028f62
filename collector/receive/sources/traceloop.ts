/**
 * Traceloop's OpenLLMetry instrumentation of MCP: INTERNAL spans in Python, made by clients; SERVER and CLIENT spans in
 * JavaScript. Arguments and results are on the spans unless switched off.
 */
import type { Source } from './source.ts';

export const traceloop: Source = {
  name: 'traceloop',
  title: 'Traceloop OpenLLMetry',
  detect: {
    anyOf: ['traceloop.entity.name'],
    scopes: ['opentelemetry.instrumentation.mcp', '@traceloop/instrumentation-mcp'],
  },
  perspective: { server: 'server', client: 'client', internal: 'client' },
  internalSpans: /\.tool$/,
  sees: ['tool_calls', 'tool_errors', 'bytes', 'payloads'],
  fields: {
    tool: ['traceloop.entity.name'],
    arguments: ['traceloop.entity.input'],
    result: ['traceloop.entity.output'],
    conversation: ['traceloop.association.properties.session_id'],
    user: ['traceloop.association.properties.user_id'],
  },
  also: ['traceloop.span.kind'],
  refine(reading, get, { name }) {
    if (get('traceloop.span.kind') === 'tool' && name.endsWith('.tool')) reading.method = 'tools/call';
  },
};
