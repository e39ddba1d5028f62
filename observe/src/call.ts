/** A tool call between its request and its end, and how one becomes an event. */
import type { CommonFields, Perspective, ToolCallFields } from './events.ts';
import { jsonBytes, TEXT_LENGTH, text } from './json.ts';
import type { Verdict } from './outcome.ts';
import { type Redact, redacted } from './redact.ts';

export interface Call extends CommonFields {
  readonly tool: string;
  /** Name of the server as its own connection knows it. */
  readonly server: string | undefined;
  readonly perspective: Perspective;
  readonly arguments: unknown;
  /** Size of the arguments where the message was too large to keep them. */
  readonly argumentBytes: number | undefined;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  /** Whether an HTTP exchange of its own carries it, whose closing means that the caller gave up. */
  readonly endsWithExchange: boolean;
  /** The connection or session that its end depends on; undefined for an exchange of its own. */
  readonly owner: object | undefined;
}

export interface Ending extends Verdict {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly result?: unknown;
  readonly resultBytes?: number | undefined;
  readonly errorMessage?: unknown;
}

/** An ending at this moment. */
export function endNow(verdict: Verdict, rest: Omit<Partial<Ending>, keyof Verdict> = {}): Ending {
  return { at: performance.now(), time: Date.now(), ...rest, ...verdict };
}

const LONGEST_MS = 604_800_000;

/** The event of a call. Arguments, result and error text stay out unless `payloads` says otherwise. */
export function toolCallFields(call: Call, ending: Ending, payloads: Redact | undefined): ToolCallFields {
  const { tool, client, user, session, trace_id, source, perspective } = call;
  const { outcome, fault, code, result } = ending;
  const answered = result !== undefined || ending.resultBytes !== undefined;
  return {
    kind: 'tool_call',
    tool,
    outcome,
    fault,
    code,
    perspective,
    client,
    user,
    session,
    trace_id,
    source,
    duration_ms: Math.min(LONGEST_MS, Math.max(0, Math.round((ending.at - call.startedAt) * 1_000) / 1_000)),
    request_bytes: call.argumentBytes ?? jsonBytes(call.arguments),
    ...(answered && { response_bytes: ending.resultBytes ?? jsonBytes(result) }),
    ...(payloads && {
      arguments: redacted(call.arguments, payloads, { tool, direction: 'request' }),
      result: redacted(result, payloads, { tool, direction: 'response' }),
      error_message: text(
        redacted(ending.errorMessage, payloads, { tool, direction: 'response' }),
        TEXT_LENGTH,
      ),
    }),
  };
}
