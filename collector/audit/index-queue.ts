/** Ended sessions and findings on their way to the index, in the order in which they came. */
import type { Finding } from '../process/finding.ts';
import type { Session } from '../process/session.ts';

/**
 * Sessions that may wait, and with their tools and places: 10 MB at most with names of 100 letters, and far more than come
 * while the index's thread makes a page.
 */
const WAITING_SESSIONS = 10_000;
const WAITING_ROWS = 40_000;
/** Findings are some kilobytes each. */
const WAITING_FINDINGS = 2_000;
/** Sessions and their tools in one batch: copying them to the other thread holds this one up for 2 ms at most. */
const BATCH_ROWS = 2_000;
const BATCH_FINDINGS = 200;

export interface Waiting {
  readonly sessions: ReadonlySet<Session>;
  /** By id. */
  readonly findings: ReadonlyMap<string, Finding>;
}

const nothing: Waiting = { sessions: new Set(), findings: new Map() };

export class IndexQueue {
  /** Each with its rows. */
  readonly #sessions = new Map<Session, number>();
  /**
   * While some are dropped, where the oldest stands: looking for it from the start of the map passes all that were deleted
   * before it. Not kept beyond, since it keeps what the map once held.
   */
  #fromOldest: Iterator<Session, undefined> | undefined;
  #findings = new Map<string, Finding>();
  /** Rows of the sessions that are in no batch yet, and of those in the batch. */
  #rows = 0;
  #batchRows = 0;
  #batch = nothing;
  #sinceMs: number | undefined;
  #batchSinceMs: number | undefined;
  /** Sessions and findings that were dropped because too many waited. */
  dropped = 0;

  /** How many had to be dropped for it. */
  addSession(session: Session): number {
    this.#sinceMs ??= performance.now();
    const rows = 1 + session.tools.size + session.places.length;
    this.#rows += rows - (this.#sessions.get(session) ?? 0);
    this.#sessions.set(session, rows);
    let dropped = 0;
    while (
      this.#sessions.size + this.#batch.sessions.size > WAITING_SESSIONS ||
      this.#rows + this.#batchRows > WAITING_ROWS
    ) {
      this.#drop(this.#oldest());
      dropped++;
    }
    this.dropped += dropped;
    return dropped;
  }

  /** How many had to be dropped for it. */
  addFinding(finding: Finding): number {
    this.#sinceMs ??= performance.now();
    this.#findings.set(finding.id, finding);
    if (this.#findings.size + this.#batch.findings.size <= WAITING_FINDINGS) return 0;
    const [oldest] = this.#findings.keys();
    this.#findings.delete(oldest as string);
    this.dropped++;
    return 1;
  }

  /** Sessions and findings that are in no batch yet. */
  get size(): number {
    return this.#sessions.size + this.#findings.size;
  }

  /** All sessions that are not known to be written. */
  get sessions(): readonly Session[] {
    return [...new Set([...this.#batch.sessions, ...this.#sessions.keys()])];
  }

  /** Since when the one that has waited longest does; undefined when none waits. */
  get sinceMs(): number | undefined {
    return this.#batchSinceMs ?? this.#sinceMs;
  }

  /** The next batch, which may be empty. It waits until it is told to be done or to be put back. */
  take(): Waiting {
    this.#fromOldest = undefined;
    const sessions = new Set<Session>();
    let rows = 0;
    for (const [session, own] of this.#sessions) {
      rows += own;
      if (sessions.size > 0 && rows > BATCH_ROWS) break;
      sessions.add(session);
      this.#drop(session);
      this.#batchRows += own;
    }
    const findings = new Map<string, Finding>();
    for (const [id, finding] of this.#findings) {
      if (findings.size >= BATCH_FINDINGS) break;
      findings.set(id, finding);
      this.#findings.delete(id);
    }
    this.#batch = { sessions, findings };
    this.#batchSinceMs = this.#sinceMs;
    this.#sinceMs = this.size > 0 ? performance.now() : undefined;
    return this.#batch;
  }

  done(): void {
    this.#batch = nothing;
    this.#batchRows = 0;
    this.#batchSinceMs = undefined;
  }

  putBack(): void {
    const later = [...this.#sessions.keys()];
    this.#sessions.clear();
    this.#fromOldest = undefined;
    this.#rows = 0;
    const { sessions, findings } = this.#batch;
    const sinceMs = this.#batchSinceMs ?? this.#sinceMs;
    this.done();
    for (const session of [...sessions, ...later]) this.addSession(session);
    this.#findings = new Map([...findings, ...this.#findings]);
    this.#sinceMs = sinceMs;
  }

  /** Of some that wait, to be dropped. */
  #oldest(): Session {
    this.#fromOldest ??= this.#sessions.keys();
    return this.#fromOldest.next().value as Session;
  }

  #drop(session: Session): void {
    this.#rows -= this.#sessions.get(session) ?? 0;
    this.#sessions.delete(session);
  }
}
