/** Turns a recorded session into native events on a simulated clock, since the recordings have no time stamps. */
import { TEXT_LENGTH } from '../../collector/catalogue/events.ts';
import { identity } from './identities.ts';
import { type Random, random } from './random.ts';
import { type RecordedCall, type RecordedSession, serverAndTool } from './recording.ts';
import { SECOND_MS, type SessionFields, type TimedEvent } from './timed-event.ts';

/** Longest time one session takes on the replay's clock, however many turns it has. */
const LONGEST_SESSION_MS = 15 * SECOND_MS;
const LONGEST_PAUSE_MS = SECOND_MS;
/** Longest call: far below the limit of LatencyDegradation, so that no recorded tool is slow. */
const LONGEST_CALL_MS = 900;
/** The clock runs this much faster than the durations that calls report. */
const COMPRESSION = 4;

/** Typical milliseconds of a tool: the same for all its calls, different from tool to tool. */
const typicalMs = (seed: number, tool: string) => random(seed, `speed of ${tool}`).between(15, 220);

/** A call's milliseconds: mostly near the typical ones, at times several times as long. */
function durationMs(seed: number, tool: string, { fraction, between }: Random): number {
  const slowness = fraction() < 0.1 ? between(2, 4) : between(0.6, 1.6);
  return Math.round(Math.min(LONGEST_CALL_MS, typicalMs(seed, tool) * slowness));
}

function callEvent(
  session: RecordedSession,
  call: RecordedCall,
  fields: SessionFields,
  ms: number,
): TimedEvent['event'] {
  return {
    kind: 'tool_call',
    ...fields,
    ...serverAndTool(session, call),
    ...(call.error
      ? { outcome: 'tool_error', fault: 'tool', error_message: call.error.slice(0, TEXT_LENGTH) }
      : { outcome: 'ok', fault: 'none' }),
    duration_ms: ms,
    arguments: call.args,
    request_bytes: Buffer.byteLength(JSON.stringify(call.args)),
    ...(call.result_len === null ? {} : { response_bytes: call.result_len, result: call.result_excerpt }),
  };
}

/** The events of one session that starts at `startMs`: start, calls in turns, and an end unless it is left open. */
export function recordedEvents(
  session: RecordedSession,
  startMs: number,
  seed: number,
  ends: boolean,
): TimedEvent[] {
  const chance = random(seed, `pace of ${session.id}`);
  const [first] = session.calls;
  if (!first) return [];
  const fields = identity(seed, session.id, session.suite);
  const { server } = serverAndTool(session, first);
  const turns = new Set(session.calls.map((call) => call.turn)).size;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, LONGEST_SESSION_MS / turns - LONGEST_CALL_MS / COMPRESSION);

  const events: TimedEvent[] = [{ atMs: startMs, event: { kind: 'session_start', server, ...fields } }];
  let turn = first.turn;
  let turnStartMs = startMs;
  let lastEndMs = startMs;
  for (const call of session.calls) {
    if (call.turn !== turn) {
      turn = call.turn;
      turnStartMs = lastEndMs + chance.between(0.2, 1) * Math.max(0, pauseMs);
    }
    const ms = durationMs(seed, call.tool, chance);
    const endMs = turnStartMs + ms / COMPRESSION;
    lastEndMs = Math.max(lastEndMs, endMs);
    events.push({ atMs: endMs, event: callEvent(session, call, fields, ms) });
  }
  if (ends) {
    events.push({
      atMs: lastEndMs + 1,
      event: { kind: 'session_end', server, ...fields, reason: 'client closed' },
    });
  }
  return events;
}
