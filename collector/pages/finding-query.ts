/** Which findings a list shows. */
import type { FindingQuery } from '../audit/finding-search.ts';
import { detectors, findingSeverities } from '../catalogue/labels.ts';
import { type Finding, findingStatuses } from '../process/finding.ts';
import { BadQuery } from './list-query.ts';

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;
const BEFORE = /^(\d+)-([\w-]{1,64})$/;

/** Filters by their name in the query: the field, and its values where they are a closed set. */
const filters = {
  status: ['status', findingStatuses],
  severity: ['severity', findingSeverities],
  detector: ['detector', detectors],
  type: ['session_type'],
  user: ['user'],
  server: ['server'],
  tool: ['tool'],
  session: ['session'],
  incident: ['incident'],
} as const satisfies Readonly<Record<string, readonly [keyof Finding, (readonly string[])?]>>;

export interface FindingList {
  readonly shown: readonly Finding[];
  /** Findings that match, shown or not. */
  readonly matching: number;
  /** To be given as `before` for those that follow. */
  readonly next?: string;
}

/**
 * The same query for the index, which has those that memory no longer has; one more than is shown says if there are.
 * Throws BadQuery.
 */
export function indexQueryOf(query: URLSearchParams): FindingQuery {
  const asked = Object.entries(filters).flatMap(([name, [field]]) => {
    const wanted = query.get(name);
    return wanted ? [[field, wanted] as const] : [];
  });
  const [, time, id] = BEFORE.exec(query.get('before') ?? '') ?? [];
  return {
    where: Object.fromEntries(asked),
    ...(time !== undefined && id !== undefined && { after: { lastMs: Number(time), id } }),
    limit: limitOf(query) + 1,
  };
}

/** The findings that a query asks for, those seen last first. Throws BadQuery. */
export function listFindings(all: readonly Finding[], query: URLSearchParams): FindingList {
  let matching = all.toSorted((a, b) => b.last_seen_ms - a.last_seen_ms || (a.id < b.id ? -1 : 1));
  for (const [name, [field, values]] of Object.entries<readonly [keyof Finding, (readonly string[])?]>(
    filters,
  )) {
    const wanted = query.get(name);
    if (!wanted) continue;
    if (values && !values.includes(wanted)) throw new BadQuery(`${name} must be one of ${values.join(', ')}`);
    matching = matching.filter((finding) => finding[field] === wanted);
  }
  const limit = limitOf(query);
  const from = placeAfter(matching, query.get('before'));
  const shown = matching.slice(from, from + limit);
  const last = shown.at(-1);
  return {
    shown,
    matching: matching.length,
    ...(last && from + shown.length < matching.length ? { next: `${last.last_seen_ms}-${last.id}` } : {}),
  };
}

function limitOf(query: URLSearchParams): number {
  const limit = query.get('limit') || String(DEFAULT_LIMIT);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > LARGEST_LIMIT)
    throw new BadQuery(`limit must be a whole number from 1 to ${LARGEST_LIMIT}`);
  return Number(limit);
}

/** A finding may have been seen again since, so the place is by time and not by finding. */
function placeAfter(findings: readonly Finding[], before: string | null): number {
  if (!before) return 0;
  const [, time, id] = BEFORE.exec(before) ?? [];
  if (time === undefined || id === undefined)
    throw new BadQuery('before must be the next that an answer gave');
  const place = findings.findIndex(
    (finding) =>
      finding.last_seen_ms < Number(time) || (finding.last_seen_ms === Number(time) && finding.id > id),
  );
  return place < 0 ? findings.length : place;
}
