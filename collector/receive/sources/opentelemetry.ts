/** Any span that follows the OpenTelemetry MCP conventions, or Sentry's and others' older names, and no file claims. */
import type { Source } from './source.ts';

export const opentelemetry: Source = {
  name: 'opentelemetry',
  title: 'OpenTelemetry MCP conventions',
  detect: { anyOf: ['mcp.method.name', 'mcp.method'] },
  perspective: { server: 'server', client: 'client', internal: 'client' },
  internalSpans: /^execute_tool\b/,
  sees: ['tool_calls', 'tool_errors', 'sessions', 'clients', 'users'],
};
