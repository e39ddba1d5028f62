/**
 * Docker MCP Gateway: a CLIENT span for each call, without a method. A call refused by policy leaves no span; one
 * blocked for holding a secret leaves only its message.
 */
import type { Source } from './source.ts';

export const dockerGateway: Source = {
  name: 'docker_mcp_gateway',
  title: 'Docker MCP Gateway',
  detect: { name: /^mcp\.tool\.call$/, anyOf: ['mcp.server.name', 'mcp.tool.name'] },
  perspective: { client: 'gateway' },
  sees: ['tool_calls', 'clients', 'dlp_blocks'],
  exception: { outcome: 'server_error', fault: 'unknown' },
  refine(reading) {
    reading.method = 'tools/call';
    if (/^a secret is being passed to tool\b/.test(reading.errorMessage ?? '')) {
      reading.verdicts.push({ kind: 'block', rule: 'block_secrets', direction: 'request' });
    }
  },
};
