/** Writes the index: sessions and findings in, and out again when the journal has them no more or the file is full. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Position } from '../journal/segment.ts';
import type { Finding } from '../process/finding.ts';
import { findingFields, keyOfId } from './schema.ts';
import { revisionOf, type SessionRecord } from './session-record.ts';
import { serversOf, Terms } from './terms.ts';

/** What happened since the batch before. */
export interface Batch {
  readonly sessions: readonly SessionRecord[];
  readonly findings: readonly Finding[];
  /** Where the journal ends now: findings stay as long as this does. */
  readonly end: Position;
  /** The oldest segment that the journal still has. */
  readonly oldestSegment: number;
  /** All that ended before the journal's end is in this batch or was in one before it. */
  readonly complete: boolean;
}

/** Rows that are deleted in one transaction, so that those who wait for the index do not wait long. */
const PRUNED_AT_ONCE = 1_000;
/** Sessions that make room at once: many where they are alike, few where some may be large. Beside them, findings. */
const EVICTED_WHEN_FULL = 300;
const EVICTED_AT_ONCE = 20;
const FINDINGS_EVICTED_AT_ONCE = 10;
/** The file is kept this far below its bound, for the pages that a transaction needs. */
const FILLED = 0.9;

const columns = [
  ...['key', 'id', 'first_segment', 'first_offset', 'started_ms', 'last_ms', 'last_segment', 'revision'],
  ...['type', 'server', 'client', 'user', 'environment', 'how', 'reason', 'until_ms'],
  ...['events', 'calls', 'errors', 'refused', 'denials', 'dlp_blocks', 'auth_failures', 'late_events'],
  ...['distinct_tools', 'tools', 'places'],
];

interface Told {
  readonly finding: Finding;
  readonly text: string;
}

/** What a row takes at most beside its texts, with what points at it. */
const ROW_BYTES = 400;
/** Pages are two thirds full, about. */
const FILLING = 1.5;
/** A term's text stands in the index of texts too. */
const TREES_OF_TEXT = 2;

/** Pages that a batch takes at most, when all its names are new. */
function pagesOf(sessions: readonly SessionRecord[], findings: readonly Told[], pageBytes: number): number {
  let bytes = 0;
  for (const { tools, places, server, user = '' } of sessions) {
    const texts = [server, user];
    for (const endpoint of tools.keys()) texts.push(endpoint, ...serversOf(endpoint));
    bytes += ROW_BYTES * (1 + tools.size + places.length);
    for (const text of texts) bytes += TREES_OF_TEXT * Buffer.byteLength(text);
  }
  for (const { text } of findings) bytes += ROW_BYTES + Buffer.byteLength(text);
  return Math.ceil((FILLING * bytes) / pageBytes);
}

export class IndexStore {
  readonly #database: DatabaseSync;
  readonly #pageBytes: number;
  readonly #maximumPages: number;
  readonly #terms: Terms;
  readonly #upsert: StatementSync;
  readonly #post: StatementSync;
  readonly #upsertFinding: StatementSync;
  readonly #advance: StatementSync;
  readonly #evictFindings: StatementSync;
  readonly #deleteRow: StatementSync;
  readonly #unpost: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#pageBytes = this.#pragma('page_size');
    this.#maximumPages = this.#pragma('max_page_count') * FILLED;
    this.#terms = new Terms(database);
    this.#upsert = database.prepare(`
      INSERT INTO sessions (${columns}) VALUES (${columns.map(() => '?')})
      ON CONFLICT (key, started_ms, first_segment, first_offset) DO UPDATE
      SET ${columns.slice(5).map((column) => `${column} = excluded.${column}`)}
      WHERE excluded.revision >= revision RETURNING row`);
    this.#upsert.setReturnArrays(true);
    this.#post = database.prepare('INSERT OR IGNORE INTO postings (term, last_ms, session) VALUES (?, ?, ?)');
    const findingColumns = ['id', 'segment', 'last_seen_ms', 'changed_ms', ...findingFields, 'finding'];
    this.#upsertFinding = database.prepare(`
      INSERT INTO findings (${findingColumns}) VALUES (${findingColumns.map(() => '?')})
      ON CONFLICT (id) DO UPDATE SET ${findingColumns.slice(1).map((column) => `${column} = excluded.${column}`)}
      WHERE excluded.changed_ms >= changed_ms`);
    this.#advance = database.prepare(
      'INSERT INTO progress VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET segment = excluded.segment, offset = excluded.offset',
    );
    this.#evictFindings = database.prepare(
      'DELETE FROM findings WHERE id IN (SELECT id FROM findings ORDER BY last_seen_ms LIMIT ?)',
    );
    this.#deleteRow = database.prepare('DELETE FROM sessions WHERE row = ?');
    this.#unpost = database.prepare('DELETE FROM postings WHERE term = ? AND last_ms = ? AND session = ?');
  }

  /** Everything that ended before this is in the index; undefined while some of it is not. */
  get position(): Position | undefined {
    const row = this.#database.prepare('SELECT segment, offset FROM progress').get();
    return row && { segment: Number(row.segment), offset: Number(row.offset) };
  }

  /** Writes a batch and how far the index now is, both or neither; the sessions that had to make room. */
  write({ sessions, findings, end, oldestSegment, complete }: Batch): number {
    const told = findings.map((finding) => ({ finding, text: JSON.stringify(finding) }));
    return this.#transaction(() => {
      // Before they come: a file that was full already, or may be smaller now, would not take them.
      const evicted = this.#makeRoom(sessions, told);
      for (const session of sessions) this.#writeSession(session);
      for (const one of told) this.#writeFinding(one, end);
      if (complete) this.#advance.run(end.segment, end.offset);
      this.#database.prepare('DELETE FROM findings WHERE segment < ?').run(oldestSegment);
      this.#delete('last_segment < ? ORDER BY last_segment', oldestSegment, PRUNED_AT_ONCE);
      return evicted;
    });
  }

  #writeSession(session: SessionRecord): void {
    const { tools, places, user, end } = session;
    const first = places[0];
    const terms: number[] = [];
    const toolTerms: number[] = [];
    const servers = new Set([session.server]);
    for (const [endpoint, calls] of tools) {
      const term = this.#terms.of('tool', endpoint);
      terms.push(term);
      toolTerms.push(term, calls);
      for (const server of serversOf(endpoint)) servers.add(server);
    }
    for (const server of servers) terms.push(this.#terms.of('server', server));
    if (user !== undefined) terms.push(this.#terms.of('user', user));
    const written = this.#upsert.get(
      keyOfId(session.id),
      session.id,
      first?.segment ?? 0,
      first?.offset ?? 0,
      session.startedMs,
      session.lastMs,
      places.at(-1)?.segment ?? 0,
      revisionOf(session),
      session.type,
      session.server,
      session.client,
      user ?? null,
      session.environment ?? null,
      end?.how ?? 'open',
      end?.reason ?? null,
      end?.untilMs ?? session.lastMs,
      session.events,
      session.calls,
      session.errors,
      session.refused,
      session.denials,
      session.dlpBlocks,
      session.authFailures,
      session.lateEvents,
      tools.size,
      JSON.stringify(toolTerms),
      JSON.stringify(places.flatMap(({ segment, offset }) => [segment, offset])),
    ) as unknown as [number] | undefined;
    // A later account of the session is there already.
    if (written === undefined) return;
    for (const term of terms) this.#post.run(term, session.lastMs, written[0]);
  }

  #writeFinding({ finding, text }: Told, { segment }: Position): void {
    const fields = findingFields.map((field) => finding[field] ?? null);
    const { id, last_seen_ms, verdict } = finding;
    // A rebuild may come to an account of it that is older than the one which is there.
    const changedMs = Math.max(last_seen_ms, verdict?.time_ms ?? 0);
    this.#upsertFinding.run(id, segment, last_seen_ms, changedMs, ...fields, text);
  }

  /**
   * Deletes the oldest until there is room for all that these take, since a few of many long names may outweigh
   * thousands; and when the file is full, more than come, so that a bound that was lowered is reached bit by bit. How
   * many sessions.
   */
  #makeRoom(sessions: readonly SessionRecord[], findings: readonly Told[]): number {
    const wanted = pagesOf(sessions, findings, this.#pageBytes);
    let evicted = 0;
    for (;;) {
      const used = this.#usedPages;
      const isFull = used > this.#maximumPages && evicted < sessions.length + PRUNED_AT_ONCE;
      if (!isFull && used + wanted <= this.#pragma('max_page_count')) return evicted;
      const findingsGone = this.#evictFindings.run(FINDINGS_EVICTED_AT_ONCE).changes;
      const most = isFull ? EVICTED_WHEN_FULL : EVICTED_AT_ONCE;
      const gone = this.#delete('last_ms < ? ORDER BY last_ms', Number.MAX_SAFE_INTEGER, most);
      if (gone === 0 && findingsGone === 0) return evicted;
      evicted += gone;
    }
  }

  get #usedPages(): number {
    return this.#pragma('page_count') - this.#pragma('freelist_count');
  }

  #delete(which: string, bound: number, count: number): number {
    const rows = this.#database
      .prepare(`SELECT row, last_ms, tools, server, user FROM sessions WHERE ${which} LIMIT ?`)
      .all(bound, count);
    const terms = new Set<number>();
    for (const { row, last_ms, tools, server, user } of rows) {
      for (const term of this.#terms.ofRow(String(tools), String(server), user)) {
        this.#unpost.run(term, last_ms!, row!);
        terms.add(term);
      }
      this.#deleteRow.run(row!);
    }
    this.#terms.deleteUnused(terms);
    return rows.length;
  }

  #pragma(name: string): number {
    return Number(this.#database.prepare(`PRAGMA ${name}`).get()?.[name]);
  }

  #transaction<T>(act: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = act();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#terms.forget();
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
