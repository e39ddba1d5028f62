/** Which sessions a list shows and in which order, asked for in the same way on the page and in the API. */
import type { Pipeline } from '../process/pipeline.ts';
import type { Session } from '../process/session.ts';

export const sortKeys = ['recent', 'tools', 'calls', 'errors'] as const;
export type SortKey = (typeof sortKeys)[number];

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;

export interface ListQuery {
  readonly type?: string;
  readonly sort: SortKey;
  readonly limit: number;
}

/** A request whose query is wrong; the message says how it is right. */
export class BadQuery extends Error {}

/** Reads `type`, `sort` and `limit`. Throws BadQuery. */
export function readListQuery(query: URLSearchParams): ListQuery {
  const sort = query.get('sort') ?? 'recent';
  if (!sortKeys.some((key) => key === sort)) throw new BadQuery(`sort must be one of ${sortKeys.join(', ')}`);
  const limit = query.get('limit') ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > LARGEST_LIMIT) {
    throw new BadQuery(`limit must be a whole number from 1 to ${LARGEST_LIMIT}`);
  }
  const type = query.get('type');
  return { ...(type === null ? {} : { type }), sort: sort as SortKey, limit: Number(limit) };
}

const rank: Readonly<Record<SortKey, (session: Session) => number>> = {
  recent: ({ lastMs }) => lastMs,
  tools: ({ tools }) => tools.size,
  calls: ({ calls }) => calls,
  errors: ({ errors }) => errors,
};

export interface SessionList {
  readonly shown: readonly Session[];
  /** Sessions that match, shown or not. */
  readonly matching: number;
}

/** Open and recently ended sessions, the highest of the sort key first, then the most recent. */
export function listSessions({ sessions }: Pipeline, { type, sort, limit }: ListQuery): SessionList {
  const all = [...sessions.open, ...sessions.ended];
  const matching = type === undefined ? all : all.filter((session) => session.type === type);
  const by = rank[sort];
  matching.sort((a, b) => by(b) - by(a) || b.lastMs - a.lastMs);
  return { shown: matching.slice(0, limit), matching: matching.length };
}

/** The types of all sessions there are, in order of the alphabet. */
export const typesOf = ({ sessions }: Pipeline): string[] =>
  [...new Set([...sessions.open, ...sessions.ended].map(({ type }) => type))].sort();
