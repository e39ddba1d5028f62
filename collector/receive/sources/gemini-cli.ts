/** Gemini CLI: log events of the client. A call that its user rejected was never sent, so it is a decision and no call. */
import type { Source } from './source.ts';

export const geminiCli: Source = {
  name: 'gemini_cli',
  title: 'Gemini CLI',
  detect: { scopes: ['gemini-cli'] },
  perspective: { log: 'client' },
  sees: ['tool_calls', 'tool_errors', 'sessions', 'clients', 'users', 'bytes', 'policy_decisions'],
  fields: {
    tool: ['function_name'],
    conversation: ['session.id'],
    user: ['user.email'],
    clientVersion: ['service.version'],
    errorType: ['error_type'],
    errorMessage: ['error.message', 'error'],
    arguments: ['function_args'],
    responseBytes: ['content_length'],
    requestId: ['prompt_id'],
  },
  also: ['event.name', 'tool_type', 'success', 'decision'],
  refine(reading, get) {
    if (get('event.name') !== 'gemini_cli.tool_call' || get('tool_type') !== 'mcp') return;
    reading.method = 'tools/call';
    reading.clientName = 'gemini-cli';
    reading.failed = get('success') === 'false';
    const prefix = `${reading.server}__`;
    if (reading.tool?.startsWith(prefix)) reading.tool = reading.tool.slice(prefix.length);
    const decision = get('decision');
    if (decision === undefined) return;
    reading.isCall = decision !== 'reject';
    reading.verdicts.push({
      kind: 'policy',
      decision: decision === 'reject' ? 'deny' : 'allow',
      policy: decision,
    });
  },
};
