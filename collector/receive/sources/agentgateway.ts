/**
 * agentgateway: its SERVER spans, its access log over OTLP, and its JSON access log, all with the same fields and, for
 * one call, the same span id. It hides an authorization denial behind -32602 "Unknown tool", which the normaliser sees
 * through for tools it knows.
 */
import { authReasonOf } from './auth-reason.ts';
import type { Get, Reading, Source, Verdict } from './source.ts';

/** A refusal by the gateway, after its `reason` field. */
function verdictOf(reason: string | undefined, error: string | undefined): Verdict | undefined {
  switch (reason) {
    case 'JwtAuth':
    case 'Oidc':
    case 'BasicAuth':
    case 'APIKeyAuth':
      return { kind: 'auth', reason: authReasonOf(error) };
    case 'Authorization':
    case 'ExtAuth':
      return { kind: 'policy', decision: 'deny', policy: reason };
    case 'RateLimit':
      return { kind: 'policy', decision: 'deny', policy: 'rate_limit' };
    case 'Guardrail':
      return { kind: 'block', rule: 'Guardrail' };
    default:
      return undefined;
  }
}

/** Authentication fails before the body is read, so such a record has no method. */
const isMcp = ({ method }: Reading, get: Get) =>
  method !== undefined || get('protocol') === 'mcp' || /\/(mcp|sse)\b/.test(get('http.path') ?? '');

export const agentgateway: Source = {
  name: 'agentgateway',
  title: 'agentgateway',
  detect: { anyOf: ['mcp.target', 'src.addr', 'agentgateway.route'] },
  perspective: { server: 'gateway', log: 'gateway', line: 'gateway' },
  sees: [
    'tool_calls',
    'tool_errors',
    'sessions',
    'clients',
    'users',
    'policy_decisions',
    'dlp_blocks',
    'auth_failures',
  ],
  fields: {
    tool: ['gen_ai.tool.name'],
    user: ['jwt.sub'],
    address: ['src.addr'],
    userAgent: ['mcp.user_agent'],
    traceId: ['trace.id'],
    spanId: ['span.id'],
    duration: ['duration'],
    httpStatus: ['http.status'],
    errorMessage: ['mcp.error.message', 'error'],
  },
  also: ['reason', 'error', 'protocol', 'http.path'],
  idFromSpan: true,
  codes: new Map<number, Verdict>([
    // mcpGuardrails: permission denied, and resource exhausted.
    [-32001, { kind: 'block', rule: 'mcpGuardrails' }],
    [-32003, { kind: 'policy', decision: 'deny', policy: 'rate_limit' }],
  ]),
  exception: { outcome: 'server_error', fault: 'server' },
  refine(reading, get) {
    const error = get('error');
    if (error !== undefined) reading.failed = true;
    if (get('reason') === 'Timeout') reading.meaning = { outcome: 'aborted', fault: 'transport' };
    const verdict = isMcp(reading, get) ? verdictOf(get('reason'), error) : undefined;
    if (verdict) reading.verdicts.push(verdict);
  },
};
