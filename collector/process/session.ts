/** What is known of one session: facts and counts, never what was said in it. */
import Type, { type Static } from 'typebox';
import type { Position } from '../journal/segment.ts';

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

/** Where an event stands in the journal. */
export type Place = SavedSession['places'][number];

/** A session that has ended, or an open one as it was when it was asked for. */
export interface Session extends Omit<SavedSession, 'tools' | 'recentCalls' | 'typeGiven'> {
  readonly tools: ReadonlyMap<string, number>;
}

/** Bytes of the journal that one of a session's places stands for. */
export const PLACE_BYTES = 1024 * 1024;
/** A session that spreads over more of the journal than this many places keeps its first and its newest. */
export const MAXIMUM_PLACES = 64;

/** Remembers where an event of an ended session stands. */
export function notePlace({ places }: Session, { segment, offset }: Position): void {
  const last = places[places.length - 1];
  if (last?.segment === segment && offset < last.offset + PLACE_BYTES) return;
  places.push({ segment, offset });
  if (places.length > MAXIMUM_PLACES) places.splice(1, 1);
}

/** An ended session in a snapshot. */
export const saveEnded = ({ tools, ...facts }: Session): SavedSession => ({
  ...facts,
  typeGiven: true,
  recentCalls: [],
  tools: [...tools],
});

export const loadEnded = ({ tools, recentCalls: _, typeGiven: _given, ...facts }: SavedSession): Session => ({
  ...facts,
  tools: new Map(tools),
});
