/**
 * How a call ended and who is to blame, derived anew from codes: spans say "error" for a caller's mistake, and gateways
 * say "success" for a tool's failure, each by rules of their own.
 */
import type { Fault, Outcome } from '../../catalogue/labels.ts';
import type { Meaning, Reading, Source, Verdict } from './source.ts';

const is = (outcome: Outcome, fault: Fault): Meaning => ({ outcome, fault });

/** JSON-RPC and MCP codes whose meaning the specification fixes. Others have none ("MUST NOT assume"). */
const specifiedCodes = new Map<number, Meaning>([
  [-32700, is('protocol_error', 'caller')],
  [-32600, is('protocol_error', 'caller')],
  [-32601, is('protocol_error', 'caller')],
  [-32602, is('protocol_error', 'caller')],
  [-32603, is('server_error', 'server')],
  // Resource not found, until 2025-11-25.
  [-32002, is('protocol_error', 'caller')],
  // Header mismatch, missing client capability, unsupported protocol version, from 2026-07-28.
  [-32020, is('protocol_error', 'caller')],
  [-32021, is('protocol_error', 'caller')],
  [-32022, is('protocol_error', 'caller')],
  // URL elicitation required, 2025-11-25 only: flow control, not an error.
  [-32042, is('input_required', 'none')],
]);

export const INVALID_PARAMS = -32602;
const UNKNOWN_TOOL = /\bunknown tool\b|\bno such tool\b|\btool\b.{1,200}\b(not found|disabled)\b/i;
/** Characters of an error's text that are looked at: what a server says first, and a bound for the expression. */
const LOOKED_AT = 1_024;
/** Policy of a refusal that a server hides behind "unknown tool". */
const HIDDEN_REFUSAL: Verdict = {
  kind: 'policy',
  decision: 'deny',
  policy: 'hidden',
  reason: 'the server calls a tool unknown that it has',
};

const verdictMeanings = {
  block: is('blocked', 'caller'),
  auth: is('auth_denied', 'auth'),
  deny: is('denied', 'auth'),
} as const;

export interface Judgement extends Meaning {
  readonly verdicts: readonly Verdict[];
}

/** `knowsTool` says whether the server is known to have the tool that the call named. */
export function judge(reading: Reading, source: Source, knowsTool: () => boolean): Judgement {
  const told =
    reading.verdicts.length === 0
      ? undefined
      : reading.verdicts.map(meaningOfVerdict).find((meaning) => meaning !== undefined);
  const meaning = reading.meaning ?? told;
  if (meaning) return { ...meaning, verdicts: reading.verdicts };
  const found = fromCode(reading, source, knowsTool) ?? fromResult(reading) ?? fromStatus(reading.httpStatus);
  if (found === undefined) return { ...fromFailure(reading, source), verdicts: reading.verdicts };
  if ('outcome' in found) return { ...found, verdicts: reading.verdicts };
  const ofVerdict = meaningOfVerdict(found) ?? is('ok', 'none');
  return { ...ofVerdict, verdicts: [...reading.verdicts, found] };
}

function meaningOfVerdict(verdict: Verdict): Meaning | undefined {
  if (verdict.kind !== 'policy') return verdictMeanings[verdict.kind];
  return verdict.decision === 'deny' ? verdictMeanings.deny : undefined;
}

function fromCode(
  { code, errorMessage }: Reading,
  source: Source,
  knowsTool: () => boolean,
): Meaning | Verdict | undefined {
  if (code === undefined) return undefined;
  const own = source.codes?.get(code);
  if (own) return own;
  const hidden =
    code === INVALID_PARAMS && UNKNOWN_TOOL.test(errorMessage?.slice(0, LOOKED_AT) ?? '') && knowsTool();
  return hidden ? HIDDEN_REFUSAL : (specifiedCodes.get(code) ?? is('server_error', 'unknown'));
}

function fromResult({ resultType, toolError }: Reading): Meaning | undefined {
  if (resultType === 'input_required' || resultType === 'task') return is(resultType, 'none');
  return toolError ? is('tool_error', 'tool') : undefined;
}

/** What an HTTP status says where no JSON-RPC code is seen. Statuses below 400 say nothing about the call. */
function fromStatus(status: number | undefined): Meaning | Verdict | undefined {
  if (status === undefined || (status >= 100 && status < 400)) return undefined;
  switch (status) {
    case 401:
      return { kind: 'auth', reason: 'other' };
    case 403:
      return { kind: 'policy', decision: 'deny', policy: 'http_403' };
    case 429:
      return { kind: 'policy', decision: 'deny', policy: 'rate_limit' };
    // 499 is nginx's "client closed the request".
    case 499:
      return is('cancelled', 'caller');
    // Proxies log 0 when the connection ended before an answer.
    case 0:
    case 408:
      return is('aborted', 'transport');
    case 502:
    case 503:
    case 504:
      return is('server_error', 'transport');
  }
  return status >= 500 ? is('server_error', 'server') : is('protocol_error', 'caller');
}

function fromFailure({ failed, errorType = '' }: Reading, source: Source): Meaning {
  if (!failed) return is('ok', 'none');
  if (/cancel/i.test(errorType)) return is('cancelled', 'caller');
  if (/^(request_?)?timeout$/i.test(errorType)) return is('aborted', 'transport');
  return source.exception ?? is('tool_error', 'tool');
}
