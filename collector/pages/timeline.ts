/**
 * What happened in a session, read back from the journal. Only the stretches in which the session had events are read,
 * at most 64 of 1 MiB, and the newest events are kept, so that a page costs little however much the journal holds.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SessionRecord } from '../audit/session-record.ts';
import type { McpEvent } from '../catalogue/events.ts';
import type { Journal } from '../journal/journal.ts';
import { type Flow, flowsInto } from '../process/flows.ts';
import { CallsBefore } from '../process/recent-calls.ts';
import { PLACE_BYTES } from '../process/session.ts';
import { endpointLabel } from '../series-bounds.ts';

const TIMELINE_EVENTS = 1_000;
/** How long events that come in wait for a page. */
const SLICE_MS = 5;

/** The part of the journal that a timeline needs. */
export type EventLog = Pick<Journal, 'read'>;

export interface Timeline {
  /** Oldest first. */
  readonly events: readonly McpEvent[];
  /** Some events of the session are not among them: too many, or no longer in the journal. */
  readonly partial: boolean;
  /** What could have flowed between tools in these events, the most first. */
  readonly flows: readonly Flow[];
}

/** `afterMs`: when the session that had the id before ended, whose events are not this one's. */
export async function readTimeline(
  log: EventLog,
  session: SessionRecord,
  afterMs = Number.NEGATIVE_INFINITY,
): Promise<Timeline> {
  const untilMs = session.end?.untilMs ?? Number.POSITIVE_INFINITY;
  // By id: an event that was sent again while it was being written stands in the journal twice.
  const found = new Map<string, McpEvent>();
  let sliceFrom = performance.now();
  for (const place of session.places) {
    for await (const { position, events } of log.read(place)) {
      if (position.segment !== place.segment || position.offset >= place.offset + PLACE_BYTES) break;
      for (const event of events) {
        if (event.session?.id !== session.id) continue;
        const timeMs = Date.parse(event.time);
        if (timeMs <= afterMs || timeMs > untilMs) continue;
        found.set(event.id, event);
        if (found.size > TIMELINE_EVENTS) found.delete(found.keys().next().value as string);
      }
      if (performance.now() - sliceFrom < SLICE_MS) continue;
      await nextTurn();
      sliceFrom = performance.now();
    }
  }
  const events = [...found.values()];
  return {
    events: events.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time)),
    partial: events.length < session.events + session.lateEvents,
    flows: flowsBetween(events),
  };
}

/** The flows of a session's events in the order in which they were counted, summed by their ends. */
function flowsBetween(events: readonly McpEvent[]): Flow[] {
  const recentCalls = new CallsBefore();
  const sums = new Map<string, Flow>();
  for (const event of events) {
    if (event.kind !== 'tool_call') continue;
    const endpoint = endpointLabel(event.server, event.tool);
    for (const { from, to, bytes } of flowsInto(endpoint, event.request_bytes ?? 0, recentCalls)) {
      const key = JSON.stringify([from, to]);
      sums.set(key, { from, to, bytes: bytes + (sums.get(key)?.bytes ?? 0) });
    }
    recentCalls.add(endpoint, event.response_bytes);
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes);
}
