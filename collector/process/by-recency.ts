/**
 * The open sessions, the one without an event for longest first. Each session holds its neighbours, so that moving one
 * to the end touches three: taking it out of a map and putting it back makes the map larger until it is built anew.
 */
import type { Session } from './session.ts';

export class ByRecency {
  #oldest: Session | undefined;
  #newest: Session | undefined;

  get oldest(): Session | undefined {
    return this.#oldest;
  }

  /** From the oldest on. The one that was given last may be removed. */
  *[Symbol.iterator](): Generator<Session> {
    for (let session = this.#oldest; session !== undefined; ) {
      const next: Session | undefined = session.newer;
      yield session;
      session = next;
    }
  }

  /** Adds a session at the end. */
  add(session: Session): void {
    session.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = session;
    else this.#newest.newer = session;
    this.#newest = session;
  }

  remove(session: Session): void {
    const { older, newer } = session;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    session.older = undefined;
    session.newer = undefined;
  }

  /** Moves a session to the end. */
  touch(session: Session): void {
    if (session === this.#newest) return;
    this.remove(session);
    this.add(session);
  }
}
