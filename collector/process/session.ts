/** What is known of one session: facts and counts, never what was said in it. */
import Type, { type Static } from 'typebox';
import { UNKNOWN } from '../catalogue/labels.ts';
import type { Position } from '../journal/segment.ts';
import type { Watched } from './detect/watched.ts';
import { interned } from './interned.ts';
import { RecentCalls } from './recent-calls.ts';

/** How a session ended: by its own event, by silence, or to make room for others. */
export const sessionEnds = ['ended', 'idle', 'evicted'] as const;
export type SessionEnd = (typeof sessionEnds)[number];

const count = Type.Integer({ minimum: 0 });

/** One of the session's last calls: what a later call could pass on. */
const recentCallSchema = Type.Object({
  endpoint: Type.String(),
  responseBytes: Type.Optional(Type.Number()),
});

const factsSchema = {
  /** Keyed hash of the id that the server gave it, which is as good as a password. */
  id: Type.String(),
  type: Type.String(),
  /** Its events said the type, so no rule decides it. */
  typeGiven: Type.Boolean(),
  server: Type.String(),
  client: Type.String(),
  user: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  /** Times of its first and last event, as the events say. */
  startedMs: Type.Number(),
  lastMs: Type.Number(),
  /** When its newest event was accepted. */
  lastReceivedMs: Type.Number(),
  events: count,
  calls: count,
  errors: count,
  /** Calls that ended denied, blocked or without authorisation. */
  refused: count,
  denials: count,
  dlpBlocks: count,
  authFailures: count,
  /** Events that came after it had ended; they are in no other figure of the session. */
  lateEvents: count,
  recentCalls: Type.Array(recentCallSchema),
  /** Where in the journal its events stand: each within `PLACE_BYTES` behind one of these. */
  places: Type.Array(Type.Object({ segment: count, offset: count })),
  end: Type.Optional(
    Type.Object({
      how: Type.Unsafe<SessionEnd>({ type: 'string', enum: [...sessionEnds] }),
      reason: Type.Optional(Type.String()),
      /** Events up to this time belong to it and not to a new session with the same id. */
      untilMs: Type.Number(),
    }),
  ),
};

export const savedSessionSchema = Type.Object({
  ...factsSchema,
  /** Calls by tool, each tool with its server. */
  tools: Type.Array(Type.Tuple([Type.String(), count])),
});
export type SavedSession = Static<typeof savedSessionSchema>;

/** A session, open or ended. */
export interface Session extends Omit<SavedSession, 'tools' | 'recentCalls'> {
  readonly tools: Map<string, number>;
  readonly recentCalls: RecentCalls;
  /** What the detectors remember of it while it is open. It holds what was said, so it is never saved. */
  watched?: Watched;
  /** Its neighbours in the order of the open sessions, by `ByRecency`. */
  older: Session | undefined;
  newer: Session | undefined;
}

/** A session at its first event, which has yet to be counted. */
export const newSession = (
  id: string,
  type: string,
  server: string,
  timeMs: number,
  receivedMs: number,
): Session => ({
  id,
  type,
  typeGiven: false,
  server,
  client: UNKNOWN,
  startedMs: timeMs,
  lastMs: timeMs,
  lastReceivedMs: receivedMs,
  events: 0,
  calls: 0,
  errors: 0,
  refused: 0,
  denials: 0,
  dlpBlocks: 0,
  authFailures: 0,
  lateEvents: 0,
  recentCalls: new RecentCalls(),
  places: [],
  tools: new Map(),
  older: undefined,
  newer: undefined,
});

/** Bytes of the journal that one of a session's places stands for. */
export const PLACE_BYTES = 1024 * 1024;
/** A session that spreads over more of the journal than this many places keeps its first and its newest. */
const MAXIMUM_PLACES = 64;

/** Remembers where an event of the session stands. */
export function notePlace({ places }: Session, { segment, offset }: Position): void {
  const last = places[places.length - 1];
  if (last?.segment === segment && offset < last.offset + PLACE_BYTES) return;
  places.push({ segment, offset });
  if (places.length > MAXIMUM_PLACES) places.splice(1, 1);
}

export function saveSession(session: Session): SavedSession {
  const { watched: _, older: _older, newer: _newer, tools, recentCalls, ...facts } = session;
  return { ...facts, recentCalls: recentCalls.saved(), tools: [...tools] };
}

export function loadSession({ tools, recentCalls, ...facts }: SavedSession): Session {
  const { id, type, server, startedMs, lastReceivedMs } = facts;
  return Object.assign(newSession(id, type, server, startedMs, lastReceivedMs), facts, {
    recentCalls: new RecentCalls(recentCalls),
    tools: new Map(tools.map(([tool, calls]) => [interned(tool), calls])),
  });
}
