/**
 * Which session or conversation a call belongs to, and how that is known. MCP has sessions until 2025-11-25 only; from
 * 2026-07-28 servers are stateless, so a conversation is inferred and its origin is kept.
 */
import type { SessionOrigin } from '../../catalogue/events.ts';

/** The first revision without sessions: what still names one there is to be ignored. Revisions sort as text. */
const FIRST_STATELESS_REVISION = '2026-07-28';
const REMEMBERED_IDS = 10_000;

export interface SessionRef {
  readonly id: string;
  readonly origin: SessionOrigin;
}

/** What a record offers to tell its conversation by. */
export interface SessionClues {
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly conversation: string | undefined;
  /** Trace that began at the caller; undefined when it began with the call and so holds nothing else. */
  readonly callersTrace: string | undefined;
  readonly user: string | undefined;
  readonly client: string | undefined;
  readonly address: string | undefined;
}

/** The best known: explicit before inferred. Inferred ids repeat, and the collector's idle gap ends a conversation. */
export function sessionOf(clues: SessionClues): SessionRef | undefined {
  const { sessionId, protocolVersion = '', conversation, callersTrace, user, client, address } = clues;
  const stateless = protocolVersion >= FIRST_STATELESS_REVISION && /^\d{4}-\d\d-\d\d$/.test(protocolVersion);
  if (sessionId !== undefined && !stateless) return { id: sessionId, origin: 'transport' };
  if (conversation !== undefined) return { id: conversation, origin: 'explicit' };
  if (callersTrace !== undefined) return { id: `trace:${callersTrace}`, origin: 'trace' };
  // A client's name alone is shared by all its users.
  if (user === undefined && address === undefined) return undefined;
  return { id: `inferred:${JSON.stringify([user, client, address])}`, origin: 'inferred' };
}

/**
 * Session ids of servers that make one up in each handler: a stateful server's handler lives as long as its session
 * and saw its `initialize`, a stateless one's lives for one request. So an id counts only after an `initialize`.
 */
export class HandlerIds {
  readonly #initialized = new Set<string>();

  initialize(id: string): void {
    if (this.#initialized.size >= REMEMBERED_IDS) {
      for (const oldest of this.#initialized) {
        this.#initialized.delete(oldest);
        break;
      }
    }
    this.#initialized.add(id);
  }

  isSession(id: string): boolean {
    return this.#initialized.has(id);
  }
}
