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
  /** By row, or by the ended session; undefined as long as it is as it was. */
  readonly #changed = new Map<number | Session, string | undefined>();
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
    for (const session of [...open, ...ended]) this.#changed.set(session, undefined);
    this.peaks = peaks;
    this.#onEnd = onEnd;
  }

  /** To be called before a session changes, ends, or leaves its row. */
  before(session: OpenSession | Session): void {
    const key = session instanceof OpenSession ? session.row : session;
    if (this.#changed.has(key) && this.#changed.get(key) === undefined)
      this.#changed.set(key, this.#textOf(key));
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
        this.#changed.delete(session);
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
