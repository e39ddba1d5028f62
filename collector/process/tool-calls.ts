/**
 * Counts one tool call: how it ended, how long it took, how much it carried, and in its session.
 *
 * A call that ended `denied`, `blocked` or `auth_denied` counts here and nowhere else. Policy decisions, DLP blocks
 * and auth failures are counted from their own events only: a gateway that sends both would count each twice, and an
 * outcome knows neither the rule nor the address that the security alerts are about.
 */
import type { EventOf } from '../catalogue/events.ts';
import { errorOutcomes, type Outcome, UNKNOWN } from '../catalogue/labels.ts';
import { endpointLabel } from '../series-bounds.ts';
import type { NamedTool } from './known-tools.ts';
import type { OpenSession } from './open-session.ts';
import type { Occasion, Parts } from './parts.ts';

type ToolCall = EventOf<'tool_call'>;

const refusals = new Set<Outcome>(['denied', 'blocked', 'auth_denied']);
/** The tool never ran, or goes on: such durations would make a slow tool look fast. */
const unfinished = new Set<Outcome>([...refusals, 'input_required', 'task']);
const errors = new Set<Outcome>(errorOutcomes);

export function toolCall(call: ToolCall, { session, timeMs, receivedMs }: Occasion, parts: Parts): void {
  parts.access.check(call);
  const tool = parts.knownTools.called(call);
  parts.views.sawServer(call, tool, receivedMs);
  tool.series.count(call, !unfinished.has(call.outcome));
  if (!session) return;
  countInSession(call, tool, session, parts);
  parts.detection.toolCall(call, timeMs, session);
}

/**
 * Invented names count as tools here: an agent that tries many is what diversity is meant to show, and a session's
 * tools are no labels.
 */
function countInSession(call: ToolCall, tool: NamedTool, session: OpenSession, parts: Parts): void {
  if (call.outcome !== 'ok') {
    if (errors.has(call.outcome)) session.errors++;
    if (refusals.has(call.outcome)) session.refused++;
  }
  tool.flows.count(session.recentCalls, call);
  const called = tool.tool === UNKNOWN ? endpointLabel(call.server, call.tool) : tool.endpoint;
  parts.sessions.addCall(session, called);
}
