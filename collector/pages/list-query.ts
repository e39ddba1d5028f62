/** Reads what a list is asked to show, in the same way on the page and in the API. */
import { type Cursor, type SessionQuery, sortKeys, states, traits } from '../audit/session-query.ts';

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;

/** A request whose query is wrong; the message says how it is right. */
export class BadQuery extends Error {}

const words = ['id', 'type', 'user', 'client', 'server', 'tool'] as const;

/** Reads a query; fields that are left empty, as forms send them, ask for nothing. Throws BadQuery. */
export function readListQuery(query: URLSearchParams): SessionQuery {
  const given = (name: string) => query.get(name) || undefined;
  const read: Record<string, unknown> = {};
  for (const name of words) read[name] = given(name);
  read.fromMs = momentOf('from', given('from'));
  read.untilMs = momentOf('until', given('until'));
  read.state = given('state') && oneOf('state', states, given('state'));
  read.after = cursorOf(given('before'));
  for (const name of Object.keys(read)) if (read[name] === undefined) delete read[name];
  const limit = given('limit') ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > LARGEST_LIMIT) {
    throw new BadQuery(`limit must be a whole number from 1 to ${LARGEST_LIMIT}`);
  }
  const asked = (given('with') ?? '').split(',').filter((trait) => trait !== '');
  return {
    ...read,
    with: asked.map((trait) => oneOf('with', traits, trait)),
    sort: oneOf('sort', sortKeys, given('sort') ?? 'recent'),
    limit: Number(limit),
  };
}

/** The query that shows the same list, with some of it changed. */
export function queryText(query: SessionQuery, changes: Partial<SessionQuery> = {}): string {
  const { fromMs, untilMs, with: traitsAsked, sort, after, limit, ...plain } = { ...query, ...changes };
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) text.set(name, value);
  if (fromMs !== undefined) text.set('from', new Date(fromMs).toISOString());
  if (untilMs !== undefined) text.set('until', new Date(untilMs).toISOString());
  if (traitsAsked.length > 0) text.set('with', traitsAsked.join(','));
  if (sort !== 'recent') text.set('sort', sort);
  if (limit !== DEFAULT_LIMIT) text.set('limit', String(limit));
  if (after !== undefined) text.set('before', cursorText(after));
  return text.toString();
}

export const cursorText = ({ lastMs, startedMs, id }: Cursor): string => `${lastMs}-${startedMs}-${id}`;

function cursorOf(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)-(.{1,256})$/s.exec(text);
  if (!match) throw new BadQuery('before must be the next that an answer gave');
  return { lastMs: Number(match[1]), startedMs: Number(match[2]), id: match[3] as string };
}

function oneOf<const T extends string>(name: string, values: readonly T[], value: string | undefined): T {
  const found = values.find((known) => known === value);
  if (found === undefined) throw new BadQuery(`${name} must be one of ${values.join(', ')}`);
  return found;
}

/** A day, or a time with or without a zone; without one it is UTC. */
const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

function momentOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, time, , , zone] = MOMENT.exec(text) ?? [];
  const ms = MOMENT.test(text)
    ? Date.parse(time !== undefined && zone === undefined ? `${text}Z` : text)
    : Number.NaN;
  if (Number.isNaN(ms))
    throw new BadQuery(`${name} must be a time such as 2026-11-21 or 2026-11-21T09:30:00Z`);
  return ms;
}
