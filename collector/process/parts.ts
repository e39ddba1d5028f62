/** What the functions for each kind of event work with. */
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import type { Access } from './access.ts';
import type { Baselines } from './baselines.ts';
import type { BurstWindows } from './burst-windows.ts';
import type { Capabilities } from './capabilities.ts';
import type { DetectorHost } from './detect/host.ts';
import type { Findings } from './findings.ts';
import type { KnownTools } from './known-tools.ts';
import type { OpenSession } from './open-session.ts';
import type { Sessions } from './sessions.ts';
import type { Views } from './views.ts';

/** What the collector remembers from event to event. */
export interface Parts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly access: Access;
  readonly baselines: Baselines;
  readonly capabilities: Capabilities;
  readonly detection: DetectorHost;
  readonly findings: Findings;
  readonly knownTools: KnownTools;
  readonly sessions: Sessions;
  readonly views: Views;
  readonly windows: BurstWindows;
}

/** When an event happened, when it is processed, and in which session. */
export interface Occasion {
  readonly timeMs: number;
  /** When it was accepted. */
  readonly receivedMs: number;
  readonly nowMs: number;
  /** Undefined when the event names none, or comes after its end. */
  readonly session: OpenSession | undefined;
}
