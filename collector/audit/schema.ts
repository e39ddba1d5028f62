/**
 * The tables of the index: a file that can be thrown away, since the journal has it all.
 *
 * One row for each ended session; a row for each event would cost more than everything else that happens to it. Users,
 * tools and servers are found by `postings`, whose rows of three small numbers stand in the order in which lists show
 * them: an index over the users' names alone cost as much as all that is left. For the same reason sessions are found
 * by the first 48 bits of their hashed id.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Finding } from '../process/finding.ts';

/** Raised with every change below; a file of another version is thrown away. */
export const SCHEMA_VERSION = 3;

const CACHE_KIB = 4 * 1024;
const BUSY_MS = 1_000;
const WAL_BYTES = 32 * 1024 * 1024;

/** What findings are searched by: columns named like their fields. */
export const findingFields = [
  ...([
    'status',
    'severity',
    'detector',
    'session_type',
    'user',
    'server',
    'tool',
    'session',
    'incident',
  ] as const),
] as const satisfies readonly (keyof Finding)[];
export type FindingField = (typeof findingFields)[number];

const tables = `
CREATE TABLE sessions (
  row INTEGER PRIMARY KEY,
  key INTEGER NOT NULL, id TEXT NOT NULL, first_segment INTEGER NOT NULL, first_offset INTEGER NOT NULL, started_ms REAL NOT NULL,
  last_ms REAL NOT NULL, last_segment INTEGER NOT NULL, revision INTEGER NOT NULL,
  type TEXT NOT NULL, server TEXT NOT NULL, client TEXT NOT NULL, user TEXT, environment TEXT,
  how TEXT NOT NULL, reason TEXT, until_ms REAL NOT NULL,
  events INTEGER NOT NULL, calls INTEGER NOT NULL, errors INTEGER NOT NULL, refused INTEGER NOT NULL,
  denials INTEGER NOT NULL, dlp_blocks INTEGER NOT NULL, auth_failures INTEGER NOT NULL, late_events INTEGER NOT NULL,
  distinct_tools INTEGER NOT NULL, tools TEXT NOT NULL, places TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX sessions_key ON sessions (key, started_ms, first_segment, first_offset);
CREATE INDEX sessions_recent ON sessions (last_ms);
CREATE INDEX sessions_segment ON sessions (last_segment);
CREATE TABLE terms (term INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE postings (
  term INTEGER NOT NULL, last_ms REAL NOT NULL, session INTEGER NOT NULL, PRIMARY KEY (term, last_ms, session)
) STRICT, WITHOUT ROWID;
CREATE TABLE findings (
  id TEXT PRIMARY KEY, segment INTEGER NOT NULL, last_seen_ms REAL NOT NULL, changed_ms REAL NOT NULL,
  ${findingFields.map((field) => `${field} TEXT,`).join(' ')}
  finding TEXT NOT NULL
) STRICT;
CREATE INDEX findings_recent ON findings (last_seen_ms);
CREATE INDEX findings_session ON findings (session);
CREATE INDEX findings_incident ON findings (incident);
CREATE INDEX findings_segment ON findings (segment);
CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER NOT NULL, offset INTEGER NOT NULL) STRICT;
`;

const KEY_DIGITS = 12;

/** The least and the largest key of ids that begin so; undefined when it is no beginning of a hash. */
export function keysOf(beginning: string): readonly [number, number] | undefined {
  const digits = beginning.slice(0, KEY_DIGITS);
  if (!/^[\da-f]+$/.test(digits)) return undefined;
  const key = (filler: string) => Number.parseInt(digits.padEnd(KEY_DIGITS, filler), 16);
  return [key('0'), key('f')];
}

/** The key of an id. */
export const keyOfId = (id: string): number => keysOf(id)?.[0] ?? crc32(id);

/** Opens the file, made if need be. Throws when it is damaged, locked, or cannot be written. */
export function openDatabase(file: string, maximumBytes: number): DatabaseSync {
  // For its owner alone, like the journal; the files that SQLite puts beside it take that over.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    // What the last seconds before a power cut wrote may be gone: the journal tells them again.
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${WAL_BYTES};
      PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;`);
    if (versionOf(database) === 0)
      database.exec(`BEGIN; ${tables} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.page_size);
    database.exec(`PRAGMA max_page_count = ${Math.ceil(maximumBytes / pageBytes)}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.user_version);

export function deleteDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether an error of SQLite says that the file itself is bad, so that only a new one helps. */
export function saysDamaged(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(code & 0xff);
}
