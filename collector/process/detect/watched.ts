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

export interface Watched {
  facts: SessionFacts & { distinctTools: number };
  readonly watch: Watch;
  readonly trail: Trail;
  /** Calls that came with arguments or a result, and all. */
  withContent: number;
  calls: number;
  /** Part of it came before a restart, or was read back from the journal, which keeps no content. */
  readonly lost: boolean;
  suspected: Map<DetectorName, Suspected> | undefined;
}

/** A session as detectors are shown it, as far as it is known by now. */
export const factsOf = ({
  id,
  type,
  user,
  client,
  server,
  startedMs,
  distinctTools,
}: WatchedSession): Watched['facts'] => ({
  id,
  type,
  principal: user ?? client,
  user,
  client,
  server,
  startedMs,
  distinctTools,
});

/** How much of a session's arguments and results could be read. */
export function contentOf({ calls, withContent, lost }: Watched): ContentSeen {
  if (withContent === calls) return 'all';
  if (lost) return 'lost';
  return withContent > 0 ? 'some' : 'none';
}
