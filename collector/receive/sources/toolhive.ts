/**
 * ToolHive: audit events, as JSON lines or over OTLP, and spans. A tool's own failure (`isError`) is in neither, and one
 * call's audit event and span have no id in common, so only one of the two should be sent.
 */
import { authReasonOf } from './auth-reason.ts';
import type { Source } from './source.ts';

export const toolhive: Source = {
  name: 'toolhive',
  title: 'ToolHive',
  detect: { anyOf: ['audit_id', 'auditId', 'environment.mcp_server', 'mcp.is_batch'] },
  perspective: { server: 'gateway', client: 'client', log: 'gateway', line: 'gateway' },
  sees: ['tool_calls', 'clients', 'users', 'bytes', 'policy_decisions', 'auth_failures'],
  fields: {
    tool: ['target.name'],
    server: ['metadata.extra.backend_name', 'component'],
    clientName: ['subjects.client_name', 'subjects.clientName'],
    clientVersion: ['subjects.client_version', 'subjects.clientVersion'],
    userAgent: ['source.extra.user_agent'],
    user: ['subjects.user_id', 'subjects.userId', 'subjects.user'],
    address: ['source.value'],
    time: ['logged_at', 'loggedAt'],
    duration: ['metadata.extra.duration_ms'],
    responseBytes: ['metadata.extra.response_size_bytes', 'http.response.body.size'],
    code: ['metadata.extra.jsonrpc_error_code'],
    errorMessage: ['metadata.extra.jsonrpc_error_message'],
    requestId: ['audit_id', 'auditId', 'source.extra.request_id'],
  },
  // Cut to 200 characters and no JSON, so its size says nothing.
  without: ['arguments'],
  also: ['type', 'outcome', 'metadata.extra.error'],
  exception: { outcome: 'server_error', fault: 'server' },
  refine(reading, get) {
    const outcome = get('outcome');
    if (outcome === undefined) return;
    if (get('type') === 'mcp_tool_call') reading.method = 'tools/call';
    const isCall = reading.method === 'tools/call';
    if (outcome === 'denied' && isCall) {
      reading.verdicts.push({ kind: 'policy', decision: 'deny', policy: 'authorization' });
    } else if (outcome === 'denied') {
      reading.verdicts.push({ kind: 'auth', reason: authReasonOf(get('metadata.extra.error')) });
    }
    reading.failed ||= outcome === 'error' || outcome === 'failure' || outcome === 'application_error';
    // An HTTP status of 400 to 499; with a JSON-RPC code, the code says more.
    if (outcome === 'failure' && reading.code === undefined) {
      reading.meaning = { outcome: 'protocol_error', fault: 'caller' };
    }
  },
};
