/** MCPcat's OTLP exporter: SERVER spans named after their event, in traces that are its own sessions. No codes. */
import type { Source } from './source.ts';

export const mcpcat: Source = {
  name: 'mcpcat',
  title: 'MCPcat OTLP exporter',
  detect: { anyOf: ['mcp.event_type'] },
  perspective: { server: 'server' },
  sees: ['tool_calls', 'tool_errors', 'sessions', 'clients', 'users'],
  fields: { tool: ['mcp.resource_name'] },
  also: ['mcp.event_type'],
  refine(reading, get) {
    reading.method = get('mcp.event_type')?.replace(/^mcp:/, '');
  },
};
