/**
 * From an answer, or its absence, to an outcome and a fault. JSON-RPC codes are read by the MCP specification and the
 * two TypeScript SDKs; a code whose meaning depends on who sends it (-32000 to -32019) keeps its fault `unknown`.
 */
import type { Fault, Outcome } from './events.ts';
import { type Fields, fields, integerCode } from './json.ts';

export interface Verdict {
  readonly outcome: Outcome;
  readonly fault: Fault;
  readonly code?: number | undefined;
}

const OK: Verdict = { outcome: 'ok', fault: 'none' };
const REQUEST_TIMEOUT = -32_001;
const INVALID_PARAMS = -32_602;
const URL_ELICITATION_REQUIRED = -32_042;

/** Parse error, invalid request, method, params; legacy resource not found; header, capability, version mismatch. */
const CALLER_CODES = new Set([-32_700, -32_600, -32_601, INVALID_PARAMS, -32_002, -32_020, -32_021, -32_022]);

/** A JSON-RPC error answered a call. */
export function verdictOfError(error: unknown): Verdict {
  const code = integerCode(fields(error)?.code);
  if (code === URL_ELICITATION_REQUIRED) return { outcome: 'input_required', fault: 'none', code };
  if (code !== undefined && CALLER_CODES.has(code))
    return { outcome: 'protocol_error', fault: 'caller', code };
  return { outcome: 'server_error', fault: code === -32_603 ? 'server' : 'unknown', code };
}

/** A result answered a call of `tool`; `isError` is the tool's own word for failure. */
export function verdictOfResult(result: Fields, tool: string): Verdict {
  if (result.isError !== true) return OK;
  const said = firstText(result);
  // SDK v1 wraps what v2 answers as -32602 into a result: one mistake, one outcome, whichever SDK the server uses.
  if (
    said === `MCP error -32602: Tool ${tool} not found` ||
    said === `MCP error -32602: Tool ${tool} disabled`
  ) {
    return { outcome: 'protocol_error', fault: 'caller', code: INVALID_PARAMS };
  }
  const rejectedInput =
    said?.startsWith('MCP error -32602: Input validation error:') ||
    said?.startsWith('Input validation error:');
  return { outcome: 'tool_error', fault: rejectedInput ? 'caller' : 'tool' };
}

function firstText(result: Fields): string | undefined {
  const first = Array.isArray(result.content) ? fields(result.content[0]) : undefined;
  return typeof first?.text === 'string' ? first.text : undefined;
}

/** The caller gave up with `notifications/cancelled`. Both SDKs cancel on their own timeout and say so. */
export function verdictOfCancellation(reason: unknown): Verdict {
  const timedOut = typeof reason === 'string' && /\brequest timed out\b|\btimeout exceeded\b/i.test(reason);
  return timedOut
    ? { outcome: 'cancelled', fault: 'unknown', code: REQUEST_TIMEOUT }
    : { outcome: 'cancelled', fault: 'none' };
}

/** An HTTP status without a JSON-RPC answer of its own; `code` is that of an answer without an id. */
export function verdictOfStatus(status: number, code?: number): Verdict {
  if (status === 401 || status === 403) return { outcome: 'auth_denied', fault: 'auth', code };
  if (status >= 400 && status < 500) return { outcome: 'protocol_error', fault: 'caller', code };
  if (status >= 500) return { outcome: 'server_error', fault: 'server', code };
  return { outcome: 'aborted', fault: 'server' };
}
