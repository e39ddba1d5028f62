/**
 * Any HTTP proxy's JSON access log with the headers `Mcp-Method` and `Mcp-Name`, which clients send from MCP
 * 2026-07-28 on. It shows no result. Until a request is authenticated its headers are only claims.
 */
import type { Source } from './source.ts';

export const accessLog: Source = {
  name: 'access_log',
  title: 'HTTP access log',
  detect: { anyOf: ['mcp_name', 'http_mcp_name', 'mcp-name', 'Mcp-Name'] },
  perspective: { log: 'gateway', line: 'gateway' },
  sees: ['tool_calls', 'sessions', 'clients', 'users', 'bytes', 'policy_decisions', 'auth_failures'],
  fields: {
    method: ['http_mcp_method', 'mcp-method', 'Mcp-Method'],
    tool: ['mcp_name', 'http_mcp_name', 'mcp-name', 'Mcp-Name'],
    session: ['http_mcp_session_id', 'mcp-session-id', 'Mcp-Session-Id'],
    protocolVersion: ['http_mcp_protocol_version', 'mcp-protocol-version', 'Mcp-Protocol-Version'],
    server: ['server', 'server_name', 'host', 'route'],
    userAgent: ['http_user_agent', 'user-agent', 'User-Agent'],
    user: ['user', 'remote_user'],
    address: ['remote_addr', 'client_ip', 'remote_ip', 'ip'],
    httpStatus: ['status', 'status_code', 'response_code'],
    time: ['time_iso8601', 'ts'],
    startTime: ['start_time'],
    duration: ['request_time', 'duration'],
    requestBytes: ['request_length', 'bytes_received'],
    responseBytes: ['body_bytes_sent', 'bytes_sent'],
    requestId: ['request_id', 'x_request_id'],
    traceparent: ['http_traceparent'],
  },
  durationUnit: 's',
};
