/**
 * Kong with its AI MCP plugin: the entries of a log plugin such as `http-log`. One entry holds as many calls as the
 * request had, and one access decision for each tool or for the whole list.
 */
import type { Source } from './source.ts';

type Json = Readonly<Record<string, unknown>>;

const objects = (value: unknown): Json[] =>
  Array.isArray(value)
    ? value.filter((item) => typeof item === 'object' && item !== null && !Array.isArray(item))
    : [];
const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

export const kong: Source = {
  name: 'kong',
  title: 'Kong AI Gateway',
  perspective: { line: 'gateway' },
  sees: ['tool_calls', 'sessions', 'clients', 'users', 'bytes', 'policy_decisions', 'auth_failures'],
  fields: {
    method: ['kong.rpc.method'],
    tool: ['kong.rpc.tool_name', 'kong.audit.primitive_name'],
    server: ['service.name', 'route.name'],
    session: ['ai.mcp.mcp_session_id'],
    user: ['consumer.username', 'consumer.id'],
    userAgent: ['request.headers.user-agent'],
    address: ['client_ip'],
    startTime: ['started_at'],
    duration: ['kong.rpc.latency'],
    httpStatus: ['response.status'],
    responseBytes: ['kong.rpc.response_body_size'],
    requestId: ['kong.rpc.id', 'request.id'],
  },
  also: ['kong.rpc.error', 'kong.audit.action', 'kong.audit.primitive', 'kong.audit.consumer.name'],
  exception: { outcome: 'server_error', fault: 'unknown' },
  /** A line for each call and one for each decision about a tool, with the entry's own fields. */
  split(entry) {
    const { ai, ...rest } = entry;
    const { mcp: mcpOf, ...otherAi } = object(ai);
    const { rpc, audit, ...mcp } = object(mcpOf);
    const shared = { ...rest, ai: { ...otherAi, mcp } };
    const calls = objects(rpc).map((call) => ({ ...shared, kong: { rpc: call } }));
    const decisions = objects(audit).map((decision) => ({ ...shared, kong: { audit: decision } }));
    const lines = [...calls, ...decisions];
    return lines.length > 0 ? lines : [shared];
  },
  refine(reading, get) {
    if (get('kong.rpc.error') !== undefined) reading.failed = true;
    const action = get('kong.audit.action');
    if (action === undefined) {
      // Refused before MCP was parsed; other errors of such an entry are not about MCP.
      if (reading.method === undefined && reading.httpStatus === 401) {
        reading.verdicts.push({ kind: 'auth', reason: 'other' });
      }
      return;
    }
    const isTool = get('kong.audit.primitive') === 'tool' && reading.tool !== undefined;
    if (!isTool || (action !== 'allow' && action !== 'deny')) return;
    // A denied call has no entry of its own, an allowed one has.
    reading.method = 'tools/call';
    reading.isCall = action === 'deny';
    const policy = get('kong.audit.consumer.name');
    reading.verdicts.push({ kind: 'policy', decision: action, ...(policy && { policy }) });
  },
};
