/** Finds findings in the index: those seen last first, a page at a time. */
import type { DatabaseSync } from 'node:sqlite';
import type { Finding } from '../process/finding.ts';
import { type FindingField, findingFields } from './schema.ts';
import { COUNTED } from './session-query.ts';

const searched = ['id', ...findingFields] as const;

export interface FindingQuery {
  /** What fields must be. */
  readonly where: Readonly<Partial<Record<FindingField | 'id', string>>>;
  /** Only those behind this one, in the order of lists. */
  readonly after?: { readonly lastMs: number; readonly id: string };
  readonly limit: number;
}

export interface FoundFindings {
  readonly findings: Finding[];
  /** Findings that match, at most `COUNTED`. */
  readonly matching: number;
}

export function searchFindings(database: DatabaseSync, { where, after, limit }: FindingQuery): FoundFindings {
  const asked = searched.filter((field) => where[field] !== undefined);
  const values = asked.map((field) => where[field] as string);
  const matches = ['1', ...asked.map((field) => `${field} = ?`)].join(' AND ');
  const behind = after ? 'last_seen_ms <= ? AND (last_seen_ms < ? OR id > ?)' : '1';
  const place = after ? [after.lastMs, after.lastMs, after.id] : [];
  const rows = database
    .prepare(
      `SELECT finding FROM findings WHERE ${matches} AND ${behind} ORDER BY last_seen_ms DESC, id LIMIT ?`,
    )
    .all(...values, ...place, limit);
  const { matching } = database
    .prepare(`SELECT count(*) AS matching FROM (SELECT 1 FROM findings WHERE ${matches} LIMIT ${COUNTED})`)
    .get(...values) as { matching: number };
  return { findings: rows.map(({ finding }) => JSON.parse(String(finding))), matching };
}
