/**
 * Counts one tool call: how it ended, how long it took, how much it carried, and in its session.
 *
 * A call that ended `denied`, `blocked` or `auth_denied` counts here and nowhere else. Policy decisions, DLP blocks
 * and auth failures are counted from their own events only: a gateway that sends both would count each twice, and an
 * outcome knows neither the rule nor the address that the security alerts are about.
 */
import type { EventOf } from '../catalogue/events.ts';
import { errorOutcomes, type Outcome, UNKNOWN } from '../catalogue/labels.ts';
import { toolCallBytes, toolCallDuration, toolCalls } from '../catalogue/metrics.ts';
import { endpointOf } from '../series-bounds.ts';
import { countFlows } from './flows.ts';
import { provesTool, type ToolName } from './known-tools.ts';
import type { Occasion, Parts } from './parts.ts';
import type { Session } from './session.ts';

type ToolCall = EventOf<'tool_call'>;

const refusals = new Set<Outcome>(['denied', 'blocked', 'auth_denied']);
/** The tool never ran, or goes on: such durations would make a slow tool look fast. */
const unfinished = new Set<Outcome>([...refusals, 'input_required', 'task']);
const errors = new Set<Outcome>(errorOutcomes);

export function toolCall(call: ToolCall, { session, timeMs }: Occasion, parts: Parts): void {
  parts.access.check(call);
  if (provesTool(call.outcome)) parts.knownTools.learn(call.server, call.tool);
  const name = parts.knownTools.name(call.server, call.tool);
  countCall(call, name.tool, parts);
  if (!session) return;
  countInSession(call, name, session, parts);
  parts.detection.toolCall(call, timeMs, session);
}

function countCall(call: ToolCall, tool: string, { instruments }: Parts): void {
  const { server, outcome, duration_ms, request_bytes, response_bytes } = call;
  instruments.inc(toolCalls, { server, tool, client: call.client?.name ?? UNKNOWN, outcome });
  if (duration_ms !== undefined && !unfinished.has(outcome)) {
    instruments.observe(toolCallDuration, { server, tool }, duration_ms / 1_000);
  }
  if (request_bytes !== undefined) {
    instruments.inc(toolCallBytes, { server, tool, direction: 'request' }, request_bytes);
  }
  if (response_bytes !== undefined) {
    instruments.inc(toolCallBytes, { server, tool, direction: 'response' }, response_bytes);
  }
}

/**
 * Invented names count as tools here: an agent that tries many is what diversity is meant to show, and a session's
 * tools are no labels.
 */
function countInSession(call: ToolCall, name: ToolName, session: Session, parts: Parts): void {
  if (errors.has(call.outcome)) session.errors++;
  if (refusals.has(call.outcome)) session.refused++;
  countFlows(parts.instruments, session.recentCalls, name.endpoint, call);
  const called = name.tool === UNKNOWN ? endpointOf(call.server, call.tool) : name.endpoint;
  parts.sessions.addCall(session, called);
}
