/** What is remembered of an open session for the detectors. It holds what was said, so it is never saved. */
import type { ContentSeen, Detector as DetectorName, SuspicionFate } from '../../catalogue/labels.ts';
import type { Session } from '../session.ts';
import type { SessionFacts } from './call.ts';
import type { Watch } from './detection.ts';
import type { Trail } from './trail.ts';

/** The worst that was suspected of a session by one detector, and what became of it. */
interface Suspected {
  readonly score: number;
  readonly message: string;
  readonly fate: SuspicionFate;
}

export interface Watched {
  facts: SessionFacts;
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
export const factsOf = ({ id, type, user, client, server, startedMs, tools }: Session): SessionFacts => ({
  id,
  type,
  principal: user ?? client,
  user,
  client,
  server,
  startedMs,
  tools,
});

/** How much of a session's arguments and results could be read. */
export function contentOf({ calls, withContent, lost }: Watched): ContentSeen {
  if (withContent === calls) return 'all';
  if (lost) return 'lost';
  return withContent > 0 ? 'some' : 'none';
}
