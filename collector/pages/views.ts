/** What the API answers; the pages show the same facts. Times are RFC 3339, durations seconds. */
import { type SessionRecord, type SessionSummary, summaryOf } from '../audit/session-record.ts';
import type { McpEvent } from '../catalogue/events.ts';
import type { Finding } from '../process/findings.ts';
import type { Timeline } from './timeline.ts';

const timestamp = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A session in a list. */
export function sessionView(session: SessionSummary, findings: number) {
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
    distinct_tools: session.distinctTools,
    refused_calls: session.refused,
    denials: session.denials,
    dlp_blocks: session.dlpBlocks,
    auth_failures: session.authFailures,
    findings,
  };
}

export function findingView({ first_seen_ms, last_seen_ms, evidence, verdict, ...finding }: Finding) {
  return {
    ...finding,
    evidence: {
      ...evidence,
      calls: evidence.calls.map(({ time_ms, ...call }) => ({
        ...call,
        ...(time_ms === undefined ? {} : { time: timestamp(time_ms) }),
      })),
    },
    verdict: verdict && {
      verdict: verdict.verdict,
      note: verdict.note,
      by: verdict.by,
      time: timestamp(verdict.time_ms),
    },
    first_seen: timestamp(first_seen_ms),
    last_seen: timestamp(last_seen_ms),
  };
}

/** An event without what is the same all over its session's page. */
function eventView({ session: _, ...event }: McpEvent) {
  return event;
}

/** One session with all that is known of it. */
export function sessionDetailView(
  session: SessionRecord,
  others: readonly SessionRecord[],
  findings: readonly Finding[],
  timeline: Timeline,
) {
  return {
    ...sessionView(summaryOf(session), findings.length),
    others_of_this_id: others.map(({ startedMs, lastMs }) => ({
      started: timestamp(startedMs),
      last_event: timestamp(lastMs),
    })),
    findings: findings.map(findingView),
    tools: toolsByCalls(session).map(([tool, calls]) => ({ tool, calls })),
    flows: timeline.flows,
    timeline: { partial: timeline.partial, events: timeline.events.map(eventView) },
  };
}

/** The session's tools, the most called first. */
export const toolsByCalls = ({ tools }: Pick<SessionRecord, 'tools'>): [tool: string, calls: number][] =>
  [...tools].sort(([, a], [, b]) => b - a);
