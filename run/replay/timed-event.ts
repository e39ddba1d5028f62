/** An event of a replay: when it happens on the replay's clock, and everything it says but its id and its time. */
import type { McpEvent } from '../../collector/catalogue/events.ts';

type WithoutIdAndTime<E> = E extends McpEvent ? Omit<E, 'id' | 'time'> : never;

export interface TimedEvent {
  /** Milliseconds since the start of the replay. */
  readonly atMs: number;
  readonly event: WithoutIdAndTime<McpEvent>;
}

/** What events of one session have in common. */
export type SessionFields = Pick<McpEvent, 'client' | 'user' | 'session' | 'source' | 'environment'>;

export const SECOND_MS = 1_000;
