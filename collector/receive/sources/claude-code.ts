/**
 * Claude Code: log events of the client. The names of server and tool need `OTEL_LOG_TOOL_DETAILS=1`; without it each MCP
 * tool is called `mcp_tool`. Its own tools, such as Bash, are not MCP.
 */
import type { Get, Reading, Source } from './source.ts';

const LONGEST_NAME = 1_024;

/** Server and tool of an MCP tool; undefined for any other. */
function mcpNames(get: Get): { server?: string | undefined; tool: string } | undefined {
  const name = get('tool_name') ?? '';
  const { mcp_server_name: server, mcp_tool_name: tool } = parametersOf(get('tool_parameters'));
  if (typeof tool === 'string') return { server: typeof server === 'string' ? server : undefined, tool };
  const [prefix, ofServer, ...rest] = name.slice(0, LONGEST_NAME).split('__');
  if (prefix === 'mcp' && ofServer && rest.length > 0) return { server: ofServer, tool: rest.join('__') };
  return name === 'mcp_tool' ? { tool: name } : undefined;
}

function parametersOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readDecision(reading: Reading, get: Get): void {
  const decision = get('decision');
  if (decision !== 'accept' && decision !== 'reject') return;
  const policy = get('source');
  reading.isCall = false;
  reading.verdicts.push({
    kind: 'policy',
    decision: decision === 'accept' ? 'allow' : 'deny',
    ...(policy && { policy }),
  });
}

export const claudeCode: Source = {
  name: 'claude_code',
  title: 'Claude Code',
  detect: { scopePrefix: 'com.anthropic.claude_code' },
  perspective: { log: 'client' },
  sees: ['tool_calls', 'tool_errors', 'sessions', 'clients', 'users', 'bytes', 'policy_decisions'],
  fields: {
    conversation: ['session.id'],
    user: ['user.email', 'user.account_uuid', 'user.id'],
    clientVersion: ['app.version', 'service.version'],
    requestBytes: ['tool_input_size_bytes'],
    responseBytes: ['tool_result_size_bytes'],
    errorMessage: ['error'],
    requestId: ['tool_use_id', 'event.sequence'],
  },
  also: ['event.name', 'tool_name', 'tool_parameters', 'success', 'decision', 'source'],
  refine(reading, get, { body }) {
    const event = (get('event.name') ?? (typeof body === 'string' ? body : '')).replace(/^claude_code\./, '');
    const names = event === 'tool_result' || event === 'tool_decision' ? mcpNames(get) : undefined;
    if (!names) return;
    reading.method = 'tools/call';
    reading.server = names.server;
    reading.tool = names.tool;
    reading.clientName = 'claude-code';
    reading.failed = get('success') === 'false';
    if (event === 'tool_decision') readDecision(reading, get);
  },
};
