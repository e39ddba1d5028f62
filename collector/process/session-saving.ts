/**
 * The sessions as they were at one moment, made into JSON a few at a time: 25,000 of them at once would keep every
 * request waiting for half a second. A session that is about to change before its turn is made into JSON first.
 */
import { OpenSession } from './open-session.ts';
import { type Session, saveEnded } from './session.ts';
import type { SessionRows } from './session-rows.ts';

/** Takes two milliseconds or so. */
const SLICE_SESSIONS = 100;

export type SessionList = 'open' | 'ended';

export class SessionSaving {
  readonly #rows: SessionRows;
  readonly #open: readonly number[];
  readonly #ended: readonly Session[];
  /** By row: 1 as long as the session that it had is as it was, and still to be taken. A map of 150,000 took 30 ms. */
  readonly #unchanged: Uint8Array;
  /** What has changed since, as it was: by row, or by the ended session. */
  readonly #changed = new Map<number | Session, string>();
  readonly #onEnd: () => void;
  /** Peaks of distinct tools by type. */
  readonly peaks: readonly (readonly [string, number])[];

  /** `open` are the rows of the open sessions. `onEnd` is called when changes no longer matter. */
  constructor(
    rows: SessionRows,
    open: readonly number[],
    ended: readonly Session[],
    peaks: readonly (readonly [string, number])[],
    onEnd: () => void,
  ) {
    this.#rows = rows;
    this.#open = open;
    this.#ended = ended;
    let rowsEnd = 0;
    for (const row of open) rowsEnd = Math.max(rowsEnd, row + 1);
    this.#unchanged = new Uint8Array(rowsEnd);
    for (const row of open) this.#unchanged[row] = 1;
    this.peaks = peaks;
    this.#onEnd = onEnd;
  }

  /** To be called before a session changes, ends, or leaves its row. */
  before(session: OpenSession | Session): void {
    if (!(session instanceof OpenSession)) {
      // Of the few that change once they have ended, those are noted too that nobody will ask for.
      if (!this.#changed.has(session)) this.#changed.set(session, this.#textOf(session));
    } else if (this.#unchanged[session.row] === 1) {
      this.#unchanged[session.row] = 0;
      this.#changed.set(session.row, this.#textOf(session.row));
    }
  }

  /** The sessions in their order, each slice as a JSON array. Others may have their turn between two of them. */
  *slices(): Generator<readonly [SessionList, string]> {
    yield* this.#slicesOf('open', this.#open);
    yield* this.#slicesOf('ended', this.#ended);
  }

  /** To be called when the slices are done with, all taken or not. */
  end(): void {
    this.#changed.clear();
    this.#onEnd();
  }

  *#slicesOf(
    list: SessionList,
    sessions: readonly (number | Session)[],
  ): Generator<readonly [SessionList, string]> {
    for (let from = 0; from < sessions.length; from += SLICE_SESSIONS) {
      const texts = sessions.slice(from, from + SLICE_SESSIONS).map((session) => {
        const text = this.#changed.get(session) ?? this.#textOf(session);
        if (!this.#changed.delete(session) && typeof session === 'number') this.#unchanged[session] = 0;
        return text;
      });
      yield [list, `[${texts.join(',')}]`];
    }
  }

  #textOf(session: number | Session): string {
    return JSON.stringify(
      typeof session === 'number' ? new OpenSession(this.#rows, session).saved() : saveEnded(session),
    );
  }
}
