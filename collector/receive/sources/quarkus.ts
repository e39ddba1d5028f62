/** Quarkus MCP Server: spans of servers, once tracing is switched on. */
import type { Source } from './source.ts';

export const quarkus: Source = {
  name: 'quarkus',
  title: 'Quarkus MCP Server',
  detect: { anyOf: ['rpc.jsonrpc.request_id', 'rpc.jsonrpc.error_code'] },
  perspective: { server: 'server', client: 'client' },
  sees: ['tool_calls', 'tool_errors', 'sessions'],
  exception: { outcome: 'server_error', fault: 'server' },
};
