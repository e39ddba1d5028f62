/** The sessions of a list: open ones from memory, ended ones from the index, in one order. */
import type { AuditIndex } from '../audit/audit-index.ts';
import { IndexError } from '../audit/index-thread.ts';
import type { Found } from '../audit/search.ts';
import {
  COUNTED,
  type Cursor,
  compareBy,
  isBehind,
  matches,
  type SessionQuery,
} from '../audit/session-query.ts';
import { keyOf, type SessionRecord, type SessionSummary, summaryOf } from '../audit/session-record.ts';
import type { Pipeline } from '../process/pipeline.ts';

/** What the pages and the API show. */
export interface Shown {
  readonly pipeline: Pipeline;
  readonly index: AuditIndex;
}

export interface SessionList {
  readonly sessions: readonly SessionSummary[];
  /** Sessions that match, shown or not; at `COUNTED`, that many or more. */
  readonly matching: number;
  /** Where the next page begins; undefined on the last one. */
  readonly next: Cursor | undefined;
  /** What is missing and why, in a sentence. */
  readonly trouble: string | undefined;
}

export async function listSessions({ pipeline, index }: Shown, query: SessionQuery): Promise<SessionList> {
  const inMemory = fromMemory(pipeline, index, query);
  let found: Found = { sessions: [], matching: 0 };
  let { trouble } = index;
  if (query.state !== 'open') {
    try {
      // One more than is shown says whether there are more.
      found = await index.ask('search', { ...query, limit: query.limit + 1 });
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      trouble = index.trouble ?? troubleOf(error);
    }
  }
  const all = new Map(found.sessions.map((session) => [keyOf(session), session]));
  const { after } = query;
  let matching = found.matching;
  for (const session of inMemory) {
    const key = keyOf(session);
    if (!all.has(key)) matching++;
    if (!after || isBehind(session, after)) all.set(key, session);
  }
  const sessions = [...all.values()].sort(compareBy(query.sort)).slice(0, query.limit);
  const next = sessions.length < all.size && query.sort === 'recent' ? sessions.at(-1) : undefined;
  return { sessions, matching: Math.min(matching, COUNTED), next, trouble };
}

const troubleOf = ({ message }: IndexError) =>
  `the index of ended sessions gave no answer (${message}): only sessions that are open or ended recently are shown`;

/** Sessions that are open or not in the index yet, and while it is not whole all that memory has. */
function* sessionsInMemory({ sessions }: Pipeline, index: AuditIndex): Iterable<SessionRecord> {
  yield* new Set([...(index.trouble === undefined ? [] : sessions.ended), ...index.waiting]);
  yield* sessions.eachOpen();
}

function fromMemory(pipeline: Pipeline, index: AuditIndex, query: SessionQuery): SessionSummary[] {
  const found = new Set(pipeline.findings.all.map(({ session }) => session));
  const summaries: SessionSummary[] = [];
  for (const session of sessionsInMemory(pipeline, index)) {
    if (matches(query, session, () => found.has(session.id))) summaries.push(summaryOf(session));
  }
  return summaries;
}

export interface SessionsOfId {
  /** The one that was asked for. */
  readonly session: SessionRecord | undefined;
  /** The others that had the same id, before or after it, the newest first. */
  readonly others: readonly SessionRecord[];
  readonly trouble: string | undefined;
}

/** The session of an id that began at `startedMs`, else the newest. */
export async function findSession(
  { pipeline, index }: Shown,
  id: string,
  startedMs: number | undefined,
): Promise<SessionsOfId> {
  let found: SessionRecord[] = [];
  let { trouble } = index;
  try {
    found = await index.ask('find', id);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    trouble = index.trouble ?? troubleOf(error);
  }
  const all = new Map(found.map((session) => [keyOf(summaryOf(session)), session]));
  const open = pipeline.sessions.findOpen(id)?.copy();
  for (const session of [...pipeline.sessions.ended, ...index.waiting, ...(open ? [open] : [])])
    if (session.id === id) all.set(keyOf(summaryOf(session)), session);
  const sessions = [...all.values()].sort((a, b) => b.startedMs - a.startedMs);
  const session = startedMs === undefined ? sessions[0] : sessions.find((one) => one.startedMs === startedMs);
  return { session, others: sessions.filter((one) => one !== session), trouble };
}

/** The types of all sessions in memory, in order of the alphabet. */
export const typesOf = ({ sessions }: Pipeline): string[] =>
  [...new Set([...sessions.eachOpen(), ...sessions.ended].map(({ type }) => type))].sort();
