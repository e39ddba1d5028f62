/** Finds findings in the index: those seen last first, a page at a time. */
import type { DatabaseSync } from 'node:sqlite';
import type { Finding } from '../process/finding.ts';
import { type FindingField, findingFields } from './schema.ts';

export interface FindingQuery {
  /** What fields must be. */
  readonly where: Readonly<Partial<Record<FindingField, string>>>;
  /** Only those behind this one, in the order of lists. */
  readonly after?: { readonly lastMs: number; readonly id: string };
  readonly limit: number;
}

export function searchFindings(database: DatabaseSync, { where, after, limit }: FindingQuery): Finding[] {
  const asked = findingFields.filter((field) => where[field] !== undefined);
  const conditions = ['1', ...asked.map((field) => `${field} = ?`)];
  const values: (string | number)[] = asked.map((field) => where[field] as string);
  if (after) {
    conditions.push('last_seen_ms <= ? AND (last_seen_ms < ? OR id > ?)');
    values.push(after.lastMs, after.lastMs, after.id);
  }
  return database
    .prepare(
      `SELECT finding FROM findings WHERE ${conditions.join(' AND ')} ORDER BY last_seen_ms DESC, id LIMIT ?`,
    )
    .all(...values, limit)
    .map(({ finding }) => JSON.parse(String(finding)));
}
