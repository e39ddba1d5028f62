/** The gauges of open sessions, kept as sessions come, grow and go, so that a scrape never walks over them. */
import { client as clientLabel } from '../catalogue/labels.ts';
import { sessionsActive, sessionUniqueToolsPeak } from '../catalogue/metrics.ts';
import type { Instruments } from '../instruments.ts';
import { DiversityPeaks } from './diversity-peak.ts';
import type { OpenSession } from './open-session.ts';
import { isLoneCall } from './session-type.ts';

export class SessionGauges {
  readonly #instruments: Instruments;
  /** Open sessions by type and client, both bounded as labels. */
  readonly #active = new Map<string, Map<string, number>>();
  readonly #peaks: DiversityPeaks;

  constructor(instruments: Instruments, holdMs: number) {
    this.#instruments = instruments;
    this.#peaks = new DiversityPeaks(holdMs);
  }

  /** A session opened, or came to this type and client. */
  enter(session: OpenSession): void {
    if (!isLoneCall(session)) this.#count(session, 1);
    this.#peaks.opened(session.type, session.distinctTools);
  }

  /** A session is open no more, or about to change its type or client. */
  leave(session: OpenSession): void {
    if (!isLoneCall(session)) this.#count(session, -1);
    this.#peaks.left(session.type, session.distinctTools);
  }

  /** An open session turned out to be a conversation. */
  joined(session: OpenSession): void {
    this.#count(session, 1);
  }

  /** An open session called one tool more. */
  grew({ type, distinctTools }: OpenSession): void {
    this.#peaks.grew(type, distinctTools);
  }

  /** Shows so many tools of a session that has left for as long as a scrape needs to see them. */
  hold(type: string, tools: number, nowMs: number): void {
    this.#peaks.hold(type, tools, nowMs);
  }

  /** The peaks by type as a scrape would see them. */
  peaks(nowMs: number): [type: string, tools: number][] {
    return [...this.#peaks.peaks(nowMs)].map(([type, tools]) => [type, tools]);
  }

  expose(nowMs: number): void {
    for (const [session_type, clients] of this.#active) {
      for (const [client, sessions] of clients)
        this.#instruments.set(sessionsActive, { session_type, client }, sessions);
    }
    this.#instruments.reset(sessionUniqueToolsPeak);
    for (const [session_type, tools] of this.#peaks.peaks(nowMs)) {
      this.#instruments.set(sessionUniqueToolsPeak, { session_type }, tools);
    }
  }

  #count({ type, client }: OpenSession, by: number): void {
    const label = this.#instruments.bounded(clientLabel, client);
    const clients = this.#active.get(type) ?? new Map<string, number>();
    this.#active.set(type, clients);
    clients.set(label, (clients.get(label) ?? 0) + by);
  }
}
