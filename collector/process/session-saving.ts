/**
 * The sessions as they were at one moment, made into JSON a few at a time: 25,000 of them at once would keep every
 * request waiting for half a second. A session that is about to change before its turn is made into JSON first.
 */
import { type SavedSession, type Session, saveSession } from './session.ts';

/** Takes two milliseconds or so. */
const SLICE_SESSIONS = 100;

export type SessionList = 'open' | 'ended';

export class SessionSaving {
  readonly #lists: readonly (readonly [SessionList, readonly Session[]])[];
  /** Undefined as long as the session is as it was. */
  readonly #changed = new Map<Session, string | undefined>();
  readonly #onEnd: () => void;
  /** Peaks of distinct tools by type. */
  readonly peaks: readonly (readonly [string, number])[];

  /** `open` and `ended` hold no session both. `onEnd` is called when changes no longer matter. */
  constructor(
    open: readonly Session[],
    ended: readonly Session[],
    peaks: readonly (readonly [string, number])[],
    onEnd: () => void,
  ) {
    this.#lists = [
      ['open', open],
      ['ended', ended],
    ];
    for (const [, sessions] of this.#lists)
      for (const session of sessions) this.#changed.set(session, undefined);
    this.peaks = peaks;
    this.#onEnd = onEnd;
  }

  /** To be called before a session changes. */
  before(session: Session): void {
    if (this.#changed.has(session) && this.#changed.get(session) === undefined)
      this.#changed.set(session, textOf(session));
  }

  /** The sessions in their order, each slice as a JSON array. Others may have their turn between two of them. */
  *slices(): Generator<readonly [SessionList, string]> {
    for (const [list, sessions] of this.#lists) {
      for (let from = 0; from < sessions.length; from += SLICE_SESSIONS) {
        const texts = sessions.slice(from, from + SLICE_SESSIONS).map((session) => {
          const text = this.#changed.get(session) ?? textOf(session);
          this.#changed.delete(session);
          return text;
        });
        yield [list, `[${texts.join(',')}]`];
      }
    }
  }

  /** To be called when the slices are done with, all taken or not. */
  end(): void {
    this.#changed.clear();
    this.#onEnd();
  }
}

const textOf = (session: Session): string => JSON.stringify(saveSession(session) satisfies SavedSession);
