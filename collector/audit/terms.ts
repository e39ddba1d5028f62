/** The words that sessions are found by, each with a number, so that a posting is small. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';

export type TermKind = 'tool' | 'server' | 'user';

/** Numbers kept in memory; agents use far fewer names, and whoever makes them up pays with a look-up each. */
const REMEMBERED = 20_000;

export const termText = (kind: TermKind, name: string): string => `${kind} ${name}`;

/**
 * The servers that an endpoint may be of. Names of servers and of tools may hold slashes, so the border between them is
 * not known: each is taken, and a search finds a session rather once too often than never.
 */
export function serversOf(endpoint: string): string[] {
  const servers: string[] = [];
  for (let at = endpoint.indexOf('/'); at > 0 && servers.length < 4; at = endpoint.indexOf('/', at + 1)) {
    servers.push(endpoint.slice(0, at));
  }
  return servers;
}

export class Terms {
  readonly #numbers = new Map<string, number>();
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #text: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT term FROM terms WHERE text = ?');
    this.#add = database.prepare('INSERT INTO terms (text) VALUES (?)');
    this.#text = database.prepare('SELECT text FROM terms WHERE term = ?');
    this.#delete = database.prepare(
      'DELETE FROM terms WHERE term = ? AND NOT EXISTS (SELECT 1 FROM postings WHERE term = ?)',
    );
  }

  /** The number of a name, given to it now if it has none. */
  of(kind: TermKind, name: string): number {
    const text = termText(kind, name);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const term = Number(this.#find.get(text)?.term ?? this.#add.run(text).lastInsertRowid);
    if (this.#numbers.size >= REMEMBERED) this.#numbers.clear();
    this.#numbers.set(text, term);
    return term;
  }

  /** The terms that a session's row was posted under. */
  ofRow(tools: string, server: string, user: SQLOutputValue | undefined): Set<number> {
    const numbers = JSON.parse(tools) as number[];
    const terms = new Set([this.of('server', server)]);
    if (typeof user === 'string') terms.add(this.of('user', user));
    for (let i = 0; i < numbers.length; i += 2) {
      const term = numbers[i]!;
      terms.add(term);
      const text = String(this.#text.get(term)?.text ?? '');
      for (const name of serversOf(text.slice(termText('tool', '').length)))
        terms.add(this.of('server', name));
    }
    return terms;
  }

  /** After a transaction that did not come about: its new numbers are none. */
  forget(): void {
    this.#numbers.clear();
  }

  /** Deletes those of some terms that no session has any more. */
  deleteUnused(terms: Iterable<number>): void {
    let deleted = 0;
    for (const term of terms) deleted += Number(this.#delete.run(term, term).changes);
    if (deleted > 0) this.#numbers.clear();
  }
}
