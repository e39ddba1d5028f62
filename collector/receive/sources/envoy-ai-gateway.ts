/**
 * Envoy AI Gateway: Envoy's access log, as JSON lines or over OTLP, with the fields that the gateway puts into the
 * metadata `io.envoy.ai_gateway`; and its CLIENT spans. Whether a tool failed is in neither.
 */
import type { Source } from './source.ts';

export const envoyAiGateway: Source = {
  name: 'envoy_ai_gateway',
  title: 'Envoy AI Gateway',
  detect: { anyOf: ['mcp_backend', 'mcp.backend.name'] },
  perspective: { client: 'gateway', log: 'gateway', line: 'gateway' },
  sees: ['tool_calls', 'sessions', 'clients', 'users', 'bytes', 'policy_decisions', 'auth_failures'],
  fields: {
    server: ['mcp_backend', 'mcp.backend.name'],
    startTime: ['start_time'],
    duration: ['duration'],
    httpStatus: ['response_code'],
    requestBytes: ['bytes_received'],
    responseBytes: ['bytes_sent'],
    address: ['downstream_remote_address'],
    user: ['user'],
    requestId: ['x_request_id'],
  },
  refine(reading, _get, record) {
    // The spans' own names for methods.
    if (record.name === 'CallTool') reading.method = 'tools/call';
  },
};
