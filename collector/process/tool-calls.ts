/**
 * Counts one tool call: how it ended, how long it took, how much it carried, and in its session.
 *
 * A call that ended `denied`, `blocked` or `auth_denied` counts here and nowhere else. Policy decisions, DLP blocks
 * and auth failures are counted from their own events only: a gateway that sends both would count each twice, and an
 * outcome knows neither the rule nor the address that the security alerts are about.
 */
import type { EventOf } from '../catalogue/events.ts';
import { errorOutcomes, type Outcome } from '../catalogue/labels.ts';
import { endpointLabel } from '../series-bounds.ts';
import { CallFacts } from './call-facts.ts';
import type { NamedTool } from './known-tools.ts';
import { NO_NAME } from './names.ts';
import type { OpenSession } from './open-session.ts';
import type { Occasion, Parts } from './parts.ts';

type ToolCall = EventOf<'tool_call'>;

const refusals = new Set<Outcome>(['denied', 'blocked', 'auth_denied']);
/** The tool never ran, or goes on: such durations would make a slow tool look fast. */
const unfinished = new Set<Outcome>([...refusals, 'input_required', 'task']);
const errors = new Set<Outcome>(errorOutcomes);
const facts = new CallFacts();

export function toolCall(call: ToolCall, { session, timeMs, receivedMs }: Occasion, parts: Parts): void {
  const tool = parts.knownTools.called(call);
  parts.views.sawServer(call, tool, receivedMs);
  countCall(facts.of(call), tool, session, parts);
  if (session) parts.detection.toolCall(call, timeMs, session);
}

/** Counts a call of which its source has been noted. */
export function countCall(
  call: CallFacts,
  tool: NamedTool,
  session: OpenSession | undefined,
  parts: Parts,
): void {
  parts.access.check(call);
  tool.series.count(call, call.outcome === 'ok' || !unfinished.has(call.outcome));
  if (session) countInSession(call, tool, session, parts);
}

/**
 * Invented names count as tools here: an agent that tries many is what diversity is meant to show, and a session's
 * tools are no labels.
 */
function countInSession(call: CallFacts, tool: NamedTool, session: OpenSession, { sessions }: Parts): void {
  if (call.outcome !== 'ok') {
    if (errors.has(call.outcome)) session.errors++;
    if (refusals.has(call.outcome)) session.refused++;
  }
  const { names } = sessions;
  const { requestBytes, responseBytes } = call;
  if (tool.isKnown) {
    if (tool.name === NO_NAME) tool.name = names.hold(tool.endpoint);
    tool.flows.count(session.recentCalls, names, tool.name, requestBytes, responseBytes);
    sessions.addCall(session, tool.name);
    return;
  }
  const unknown = names.hold(tool.endpoint);
  const called = names.hold(endpointLabel(call.server, call.tool));
  tool.flows.count(session.recentCalls, names, unknown, requestBytes, responseBytes);
  sessions.addCall(session, called);
  names.release(unknown);
  names.release(called);
}
