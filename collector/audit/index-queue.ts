/** Ended sessions and findings on their way to the index, in the order in which they came. */
import type { Finding } from '../process/finding.ts';
import type { Session } from '../process/session.ts';

/** Sessions that may wait, about 1 kB each, and findings; far more than come while the index's thread makes a page. */
const WAITING = 10_000;
/** Sessions and their tools in one batch: copying them to the other thread holds this one up for 2 ms at most. */
const BATCH_ROWS = 2_000;
/** Findings are some kilobytes each. */
const BATCH_FINDINGS = 200;

export interface Waiting {
  readonly sessions: ReadonlySet<Session>;
  /** By id. */
  readonly findings: ReadonlyMap<string, Finding>;
}

const nothing: Waiting = { sessions: new Set(), findings: new Map() };

export class IndexQueue {
  #sessions = new Set<Session>();
  #findings = new Map<string, Finding>();
  #batch = nothing;
  #sinceMs: number | undefined;
  #batchSinceMs: number | undefined;
  /** Sessions and findings that were dropped because too many waited. */
  dropped = 0;

  /** False when another one had to be dropped for it. */
  addSession(session: Session): boolean {
    this.#sessions.add(session);
    return this.#added(this.#sessions, this.#batch.sessions.size);
  }

  /** False when another one had to be dropped for it. */
  addFinding(finding: Finding): boolean {
    this.#findings.set(finding.id, finding);
    return this.#added(this.#findings, this.#batch.findings.size);
  }

  /** Sessions and findings that are in no batch yet. */
  get size(): number {
    return this.#sessions.size + this.#findings.size;
  }

  /** All sessions that are not known to be written. */
  get sessions(): readonly Session[] {
    return [...new Set([...this.#batch.sessions, ...this.#sessions])];
  }

  /** Since when the one that has waited longest does; undefined when none waits. */
  get sinceMs(): number | undefined {
    return this.#batchSinceMs ?? this.#sinceMs;
  }

  /** The next batch, which may be empty. It waits until it is told to be done or to be put back. */
  take(): Waiting {
    const sessions = new Set<Session>();
    let rows = 0;
    for (const session of this.#sessions) {
      rows += 1 + session.tools.size;
      if (sessions.size > 0 && rows > BATCH_ROWS) break;
      sessions.add(session);
      this.#sessions.delete(session);
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
    this.#batchSinceMs = undefined;
  }

  putBack(): void {
    this.#sessions = new Set([...this.#batch.sessions, ...this.#sessions]);
    this.#findings = new Map([...this.#batch.findings, ...this.#findings]);
    this.#sinceMs = this.#batchSinceMs ?? this.#sinceMs;
    this.done();
  }

  #added<T>(
    waiting: { readonly size: number; keys(): Iterator<T>; delete(oldest: T): boolean },
    inBatch: number,
  ): boolean {
    this.#sinceMs ??= performance.now();
    if (waiting.size + inBatch <= WAITING) return true;
    waiting.delete(waiting.keys().next().value as T);
    this.dropped++;
    return false;
  }
}
