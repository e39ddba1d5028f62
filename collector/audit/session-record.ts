/** What pages and the index know of a session, open or ended: all but what only its next event needs. */
import { OpenSession } from '../process/open-session.ts';
import type { Session } from '../process/session.ts';

const fields = [
  ...(['id', 'type', 'server', 'client', 'user', 'environment', 'startedMs', 'lastMs', 'end'] as const),
  ...([
    'events',
    'calls',
    'errors',
    'refused',
    'denials',
    'dlpBlocks',
    'authFailures',
    'lateEvents',
  ] as const),
  ...(['tools', 'places'] as const),
] as const;

export type SessionRecord = Pick<Session, (typeof fields)[number]>;

/** A copy of nothing else, to be sent to another thread. */
export function recordOf(session: Session): SessionRecord {
  const record: Partial<Record<keyof SessionRecord, unknown>> = {};
  for (const field of fields) if (session[field] !== undefined) record[field] = session[field];
  return record as SessionRecord;
}

/** A session in a list. */
export type SessionSummary = Omit<SessionRecord, 'tools' | 'places'> & {
  /** Where its first event stands. The same id may name several sessions, one after the other: this and the start tell them apart. */
  readonly firstSegment: number;
  readonly firstOffset: number;
  readonly distinctTools: number;
};

export function summaryOf(session: SessionRecord): SessionSummary {
  const [first] = session.places;
  const place = { firstSegment: first?.segment ?? 0, firstOffset: first?.offset ?? 0 };
  // Of each open session on each page, so without a copy of its tools.
  if (session instanceof OpenSession)
    return { ...session.facts(), ...place, distinctTools: session.distinctTools };
  const { tools, places: _, ...facts } = session;
  return { ...facts, ...place, distinctTools: tools.size };
}

/** Names one session among all, also among those with the same id. */
export const keyOf = ({ id, firstSegment, firstOffset, startedMs }: SessionSummary): string =>
  `${id} ${firstSegment} ${firstOffset} ${startedMs}`;

/** Grows with whatever may still happen to a session, so that of two accounts of it the later is known. */
export const revisionOf = ({ events, lateEvents, end }: SessionRecord): number =>
  events + lateEvents + (end ? 1 : 0);
