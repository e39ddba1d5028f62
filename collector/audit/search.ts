/**
 * Finds ended sessions in the index, the newest first, a page at a time.
 *
 * A list walks one index backwards and stops when the page is full: the postings of the user, the tool or the server, or
 * all sessions by their last event. What else is asked for is checked on the way, so a filter that hardly any
 * session meets may walk the whole index; that costs time in the index's own thread, never the collector's.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { SessionEnd } from '../process/session.ts';
import { keyOfId, keysOf } from './schema.ts';
import { COUNTED, compareBy, type SessionQuery, type SortKey, type Trait } from './session-query.ts';
import type { SessionRecord, SessionSummary } from './session-record.ts';
import { type TermKind, termText } from './terms.ts';

/** Of more sessions than these, the newest, a list by anything but time shows the highest: all would have to be sorted. */
export const RANKED = 100_000;
/** Tools of one name on different servers that a search for that name looks for. */
const TOOLS_OF_A_NAME = 32;

const rankings: Readonly<Record<Exclude<SortKey, 'recent'>, string>> = {
  tools: 'distinct_tools',
  calls: 'calls',
  errors: 'errors',
};

const traitConditions: Readonly<Record<Trait, string>> = {
  errors: 's.errors > 0',
  refused: 's.refused > 0',
  denials: 's.denials > 0',
  dlp_blocks: 's.dlp_blocks > 0',
  auth_failures: 's.auth_failures > 0',
  findings: 's.id IN (SELECT session FROM findings)',
};

export interface Found {
  readonly sessions: SessionSummary[];
  /** Sessions that match, at most `COUNTED`. */
  readonly matching: number;
}

type Row = Record<string, SQLInputValue>;
/** Postings to walk along; undefined for all sessions. */
type Terms = readonly number[] | undefined;

export class Search {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  sessions(query: SessionQuery): Found {
    const asked = this.#termsAsked(query);
    if (asked.some((terms) => terms.length === 0)) return { sessions: [], matching: 0 };
    const [walked, ...others] = asked;
    const found = new Map<number, SessionSummary>();
    // One walk for each tool of a name: together in one statement, all their postings would be sorted.
    for (const term of walked ?? [undefined]) {
      const along = term === undefined ? undefined : [term];
      for (const row of this.#page(query, along, others)) found.set(Number(row.row), summaryOfRow(row));
    }
    const sessions = [...found.values()].sort(compareBy(query.sort)).slice(0, query.limit);
    return { sessions, matching: this.#count(query, walked, others) };
  }

  /** The sessions of an id, the newest first. */
  find(id: string): SessionRecord[] {
    const rows = this.#database
      .prepare('SELECT * FROM sessions WHERE key = ? AND id = ? ORDER BY started_ms DESC LIMIT 100')
      .all(keyOfId(id), id);
    return rows.map((row) => this.#facts(row as Row));
  }

  #facts(row: Row): SessionRecord {
    const numbers = JSON.parse(String(row.places)) as number[];
    const places: SessionRecord['places'] = [];
    for (let i = 0; i < numbers.length; i += 2)
      places.push({ segment: numbers[i]!, offset: numbers[i + 1]! });
    const { distinctTools: _, firstSegment: _segment, firstOffset: _offset, ...facts } = summaryOfRow(row);
    return { ...facts, tools: this.#tools(String(row.tools)), places };
  }

  #tools(json: string): Map<string, number> {
    const numbers = JSON.parse(json) as number[];
    const text = this.#database.prepare('SELECT text FROM terms WHERE term = ?');
    const tools = new Map<string, number>();
    for (let i = 0; i < numbers.length; i += 2) {
      const name = String(text.get(numbers[i]!)?.text ?? '').slice(termText('tool', '').length);
      tools.set(name, numbers[i + 1]!);
    }
    return tools;
  }

  /** What is asked for that has terms, each with those that stand for it, what fewest sessions have first. */
  #termsAsked({ user, tool, server }: SessionQuery): number[][] {
    const asked: number[][] = [];
    if (user !== undefined) asked.push(this.#term('user', user));
    if (tool !== undefined) asked.push(this.#toolTerms(tool));
    if (server !== undefined) asked.push(this.#term('server', server));
    return asked;
  }

  #term(kind: TermKind, name: string): number[] {
    const row = this.#database.prepare('SELECT term FROM terms WHERE text = ?').get(termText(kind, name));
    return row ? [Number(row.term)] : [];
  }

  /** The tool of this name and server, and those whose name alone it is. */
  #toolTerms(tool: string): number[] {
    const rows = this.#database
      .prepare(
        "SELECT term FROM terms WHERE text > 'tool ' AND text < 'tool!' AND substr(text, -length(?)) = ? LIMIT ?",
      )
      .all(`/${tool}`, `/${tool}`, TOOLS_OF_A_NAME);
    return [...this.#term('tool', tool), ...rows.map(({ term }) => Number(term))];
  }

  #page(query: SessionQuery, walked: Terms, others: readonly number[][]): Row[] {
    const { from, where, values } = this.#conditions(query, walked, others);
    const { after, limit, sort } = query;
    const last = walked ? 'p.last_ms' : 's.last_ms';
    if (after) {
      where.push(`${last} <= ? AND (${last}, s.id, s.started_ms) < (?, ?, ?)`);
      values.push(after.lastMs, after.lastMs, after.id, after.startedMs);
    }
    const walk = `SELECT s.* FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${last} DESC`;
    const sql =
      sort === 'recent'
        ? `${walk}, s.id DESC, s.started_ms DESC LIMIT ?`
        : `SELECT * FROM (${walk} LIMIT ${RANKED}) ORDER BY ${rankings[sort]} DESC, last_ms DESC LIMIT ?`;
    return this.#database.prepare(sql).all(...values, limit) as Row[];
  }

  #count(query: SessionQuery, walked: Terms, others: readonly number[][]): number {
    const { from, where, values } = this.#conditions(query, walked, others);
    const distinct = walked && walked.length > 1 ? 'DISTINCT' : '';
    const sql = `SELECT count(*) AS matching FROM
      (SELECT ${distinct} s.row FROM ${from} WHERE ${where.join(' AND ')} LIMIT ${COUNTED})`;
    return Number(this.#database.prepare(sql).get(...values)?.matching);
  }

  #conditions(query: SessionQuery, walked: Terms, others: readonly number[][]) {
    const where = ['1'];
    const values: SQLInputValue[] = [];
    const add = (condition: string, ...given: SQLInputValue[]) => {
      where.push(condition);
      values.push(...given);
    };
    let from = 'sessions AS s';
    // Says which index to walk: left to choose, SQLite would read and sort all sessions.
    if (!walked && query.id === undefined) add('s.last_ms <= ?', Number.MAX_SAFE_INTEGER);
    if (walked) {
      from = 'postings AS p CROSS JOIN sessions AS s ON s.row = p.session AND s.last_ms = p.last_ms';
      add(`p.term IN (${walked.map(() => '?')})`, ...walked);
    }
    for (const terms of others)
      add(
        `EXISTS (SELECT 1 FROM postings WHERE term IN (${terms.map(() => '?')}) AND last_ms = s.last_ms AND session = s.row)`,
        ...terms,
      );
    const { id, type, client, fromMs, untilMs, state } = query;
    if (id !== undefined) {
      const keys = keysOf(id);
      if (keys) add('s.key BETWEEN ? AND ?', ...keys);
      add('s.id >= ? AND s.id < ?', id, `${id}\u{10ffff}`);
    }
    if (type !== undefined) add('s.type = ?', type);
    if (client !== undefined) add('s.client = ?', client);
    if (fromMs !== undefined) add(`${walked ? 'p' : 's'}.last_ms >= ?`, fromMs);
    if (untilMs !== undefined) add('s.started_ms <= ?', untilMs);
    if (state !== undefined) add('s.how = ?', state);
    for (const trait of query.with) add(traitConditions[trait]);
    return { from, where, values };
  }
}

function summaryOfRow(row: Row): SessionSummary {
  const text = (name: string) => String(row[name]);
  const number = (name: string) => Number(row[name]);
  return {
    id: text('id'),
    type: text('type'),
    server: text('server'),
    client: text('client'),
    ...(row.user !== null && { user: text('user') }),
    ...(row.environment !== null && { environment: text('environment') }),
    startedMs: number('started_ms'),
    lastMs: number('last_ms'),
    events: number('events'),
    calls: number('calls'),
    errors: number('errors'),
    refused: number('refused'),
    denials: number('denials'),
    dlpBlocks: number('dlp_blocks'),
    authFailures: number('auth_failures'),
    lateEvents: number('late_events'),
    distinctTools: number('distinct_tools'),
    firstSegment: number('first_segment'),
    firstOffset: number('first_offset'),
    end: {
      how: text('how') as SessionEnd,
      untilMs: number('until_ms'),
      ...(row.reason !== null && { reason: text('reason') }),
    },
  };
}
