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
  /** The answer says that there is no such tool. */
  readonly unknownTool?: boolean;
}

/** The caller gave up and said so, or closed the stream that the answer was for. */
export const CANCELLED: Verdict = { outcome: 'cancelled', fault: 'caller' };
/** The connection went away before the answer. */
export const CONNECTION_LOST: Verdict = { outcome: 'aborted', fault: 'transport' };
/** The server went away before its answer. */
export const SERVER_LOST: Verdict = { outcome: 'aborted', fault: 'server' };
/** Nothing came, for longer than any call takes. */
export const HUNG: Verdict = { outcome: 'aborted', fault: 'unknown' };
/** The caller used the request's id again. */
export const REPLACED: Verdict = { outcome: 'aborted', fault: 'caller' };
export const REFUSED: Verdict = { outcome: 'denied', fault: 'auth' };

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
  if (code !== undefined && CALLER_CODES.has(code)) {
    return { outcome: 'protocol_error', fault: 'caller', code, unknownTool: saysUnknownTool(code, error) };
  }
  return { outcome: 'server_error', fault: code === -32_603 ? 'server' : 'unknown', code };
}

function saysUnknownTool(code: number, error: unknown): boolean {
  const message = fields(error)?.message;
  if (code !== INVALID_PARAMS || typeof message !== 'string') return false;
  return /\bunknown tool\b|\bno such tool\b|\btool\b.{1,300}\b(not found|disabled)\b/i.test(
    message.slice(0, 1_000),
  );
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
    return { outcome: 'protocol_error', fault: 'caller', code: INVALID_PARAMS, unknownTool: true };
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
  return timedOut ? { outcome: 'cancelled', fault: 'unknown', code: REQUEST_TIMEOUT } : CANCELLED;
}

/** An HTTP status without a JSON-RPC answer of its own; `code` is that of an answer without an id. */
export function verdictOfStatus(status: number, code?: number): Verdict {
  if (status === 401 || status === 403) return { outcome: 'auth_denied', fault: 'auth', code };
  if (status === 429) return { outcome: 'denied', fault: 'auth', code };
  if (status === 408) return { outcome: 'aborted', fault: 'transport', code };
  if (status === 502 || status === 503 || status === 504) {
    return { outcome: 'server_error', fault: 'transport', code };
  }
  return status >= 500
    ? { outcome: 'server_error', fault: 'server', code }
    : { outcome: 'protocol_error', fault: 'caller', code };
}
