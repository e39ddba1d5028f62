/** The open sessions, by id and by how long ago their newest event came. */
import { ByRecency } from './by-recency.ts';
import { OpenSession } from './open-session.ts';
import type { SavedSession, Session } from './session.ts';
import { field, NO_ROW, SessionRows, WORDS_PER_PLACE } from './session-rows.ts';

/** Words of what a processor fetches from memory at once. */
const LINE_WORDS = 16;

export class OpenSessions {
  readonly rows = new SessionRows();
  /** Row of each, by id. */
  readonly #byId = new Map<string, number>();
  readonly #byRecency = new ByRecency(this.rows);

  get size(): number {
    return this.#byId.size;
  }

  /** The one without an event for longest. */
  get oldest(): OpenSession | undefined {
    const row = this.#byRecency.oldest;
    return row === NO_ROW ? undefined : new OpenSession(this.rows, row);
  }

  /** Reads a little of all that an event of the session will need, so that it is near by then. */
  fetch(id: string): number {
    const row = this.#byId.get(id);
    return row === undefined ? 0 : this.fetchRow(row);
  }

  /** The same of a row, whatever session it has. */
  fetchRow(row: number): number {
    const { blocks } = this.rows;
    const words = this.rows.words(row);
    const at = this.rows.start(row);
    const first = words[at]! + words[at + LINE_WORDS]! + words[at + 2 * LINE_WORDS]!;
    if (words[at + field.toolCount] === 0 || words[at + field.placeCount] === 0) return first;
    const tools = words[at + field.tools]!;
    const places = words[at + field.places]!;
    const lastPlace = blocks.indexOf(places) + (words[at + field.placeCount]! - 1) * WORDS_PER_PLACE;
    return first + blocks.pageOf(tools)[blocks.indexOf(tools)]! + blocks.pageOf(places)[lastPlace]!;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** The one in a row, if it is still this one of those that the row has had. */
  held(row: number, generation: number): OpenSession | undefined {
    const isHeld =
      row !== NO_ROW && this.rows.words(row)[this.rows.start(row) + field.generation] === generation;
    return isHeld ? new OpenSession(this.rows, row) : undefined;
  }

  find(id: string): OpenSession | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : new OpenSession(this.rows, row);
  }

  /** Rows, the one with the newest event last. */
  rowsByRecency(): number[] {
    return [...this.#byRecency];
  }

  /** The one with the newest event last; the one that was given last may be taken out. */
  *[Symbol.iterator](): Generator<OpenSession> {
    for (const row of this.#byRecency) yield new OpenSession(this.rows, row);
  }

  /** A session at its first event, which has yet to be counted; added when `add` says so. */
  begin(id: string, type: string, server: string, timeMs: number, receivedMs: number): OpenSession {
    const session = new OpenSession(this.rows, this.rows.take(id));
    session.begin(type, server, timeMs, receivedMs);
    return session;
  }

  /** A session as it was saved; added when `add` says so. */
  load(saved: SavedSession): OpenSession {
    const session = new OpenSession(this.rows, this.rows.take(saved.id));
    session.load(saved);
    return session;
  }

  add(session: OpenSession): void {
    this.#byId.set(session.id, session.row);
    this.#byRecency.add(session.row);
  }

  /** An event of it has come. */
  touch(session: OpenSession): void {
    this.#byRecency.touch(session.row);
  }

  /** Takes a session out, whose row is another's from now on; what is kept of it. */
  take(session: OpenSession): Session {
    this.#byId.delete(session.id);
    this.#byRecency.remove(session.row);
    const kept = session.copy();
    this.rows.release(session.row);
    return kept;
  }
}
