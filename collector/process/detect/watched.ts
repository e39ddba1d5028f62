/** What is remembered of an open session for the detectors. It holds what was said, so it is never saved. */
import type { ContentSeen, Detector as DetectorName, SuspicionFate } from '../../catalogue/labels.ts';
import type { OpenSession } from '../open-session.ts';
import type { SessionFacts } from './call.ts';
import type { Watch } from './detection.ts';
import type { Trail } from './trail.ts';

/** The worst that was suspected of a session by one detector, and what became of it. */
interface Suspected {
  readonly score: number;
  readonly message: string;
  readonly fate: SuspicionFate;
}

/** What is asked of an open session, and where what is remembered of it is kept. */
export type WatchedSession = Pick<
  OpenSession,
  'id' | 'type' | 'user' | 'client' | 'server' | 'startedMs' | 'calls' | 'distinctTools' | 'watched'
>;

export interface Watched extends Watch, Trail {
  /** When it had started as far as was known at its first call: part of what names its findings, so it stays. */
  readonly startedMs: number;
  /** Calls that it had before it was watched. */
  readonly unwatched: number;
  /** Calls that came with arguments or a result. */
  withContent: number;
  /** Part of it came before a restart, or was read back from the journal, which keeps no content. */
  readonly lost: boolean;
  suspected: Map<DetectorName, Suspected> | undefined;
}

/** A session as detectors are shown it, as far as it is known by now. Only to be looked at, like the session itself. */
export class WatchedFacts implements SessionFacts {
  readonly startedMs: number;
  readonly #session: WatchedSession;

  constructor(session: WatchedSession, startedMs: number) {
    this.#session = session;
    this.startedMs = startedMs;
  }

  get id(): string {
    return this.#session.id;
  }

  get type(): string {
    return this.#session.type;
  }

  get principal(): string {
    return this.#session.user ?? this.#session.client;
  }

  get user(): string | undefined {
    return this.#session.user;
  }

  get client(): string {
    return this.#session.client;
  }

  get server(): string {
    return this.#session.server;
  }

  get distinctTools(): number {
    return this.#session.distinctTools;
  }
}

/** How much of a session's arguments and results could be read. */
export function contentOf({ calls, unwatched, withContent, lost }: Watched): ContentSeen {
  if (withContent === calls - unwatched) return 'all';
  if (lost) return 'lost';
  return withContent > 0 ? 'some' : 'none';
}
