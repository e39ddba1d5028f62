/**
 * Calls with their arguments and results, of recorded agent sessions: what detectors read. Four calls a session, each
 * run of four by one recorded session, so that what one call returned can come back in the next.
 */
import { readRecordedSessions, serverAndTool } from '../../run/replay/recording.ts';
import { CALLS_OF_A_TRACE, type Ids, type ToolCall } from './tool-call.ts';

/** An endless run of calls, the same each time. The session is told by the trace's number, which is new each time too. */
export function recordedCalls(timeMs: number, idsOf: (n: number) => Ids): (n: number) => ToolCall {
  const sessions = readRecordedSessions().filter(({ calls, hijacked }) => calls.length > 0 && !hijacked);
  const time = new Date(timeMs).toISOString();
  return (n) => {
    const session = sessions[Math.floor(n / CALLS_OF_A_TRACE) % sessions.length]!;
    const call = session.calls[(n % CALLS_OF_A_TRACE) % session.calls.length]!;
    const { id, trace } = idsOf(n);
    return {
      kind: 'tool_call',
      id: `01935f2a-7c4e-7b1d-${id}`,
      time,
      ...serverAndTool(session, call),
      client: { name: 'desktop-assistant', version: '1.14.2' },
      user: `user-${session.user_task}`,
      session: { id: `7d9f2c1e-55aa-4c1b-${trace}`, type: session.suite, origin: 'transport' },
      outcome: call.error ? 'tool_error' : 'ok',
      fault: call.error ? 'tool' : 'none',
      duration_ms: 12.5,
      arguments: call.args,
      result: call.result_excerpt,
    };
  };
}
