/** What the API answers; the pages show the same facts. Times are RFC 3339, durations seconds. */
import type { McpEvent } from '../catalogue/events.ts';
import type { Finding } from '../process/findings.ts';
import type { Session } from '../process/session.ts';
import type { Timeline } from './timeline.ts';

const timestamp = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A session in a list. */
export function sessionView(session: Session, findings: number) {
  const { id, type, server, client, user, environment, startedMs, lastMs, end } = session;
  return {
    id,
    type,
    state: end ? end.how : 'open',
    end_reason: end?.reason,
    server,
    client,
    user,
    environment,
    started: timestamp(startedMs),
    last_event: timestamp(lastMs),
    duration_seconds: (lastMs - startedMs) / 1_000,
    events: session.events,
    late_events: session.lateEvents,
    calls: session.calls,
    errors: session.errors,
    distinct_tools: session.tools.size,
    refused_calls: session.refused,
    denials: session.denials,
    dlp_blocks: session.dlpBlocks,
    auth_failures: session.authFailures,
    findings,
  };
}
export type SessionView = ReturnType<typeof sessionView>;

export function findingView({ first_seen_ms, last_seen_ms, ...finding }: Finding) {
  return { ...finding, first_seen: timestamp(first_seen_ms), last_seen: timestamp(last_seen_ms) };
}

/** An event without what is the same all over its session's page. */
function eventView({ session: _, ...event }: McpEvent) {
  return event;
}

/** One session with all that is known of it. */
export function sessionDetailView(session: Session, findings: readonly Finding[], timeline: Timeline) {
  return {
    ...sessionView(session, findings.length),
    findings: findings.map(findingView),
    tools: toolsByCalls(session).map(([tool, calls]) => ({ tool, calls })),
    flows: timeline.flows,
    timeline: { partial: timeline.partial, events: timeline.events.map(eventView) },
  };
}

/** The session's tools, the most called first. */
export const toolsByCalls = ({ tools }: Session): [tool: string, calls: number][] =>
  [...tools].sort(([, a], [, b]) => b - a);
