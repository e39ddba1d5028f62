/** Everything that happens to an event once it is durable. */
import type { McpEvent } from '../catalogue/events.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';

/** An event that is on disk, with its times in milliseconds since the epoch. */
export interface AcceptedEvent {
  readonly event: McpEvent;
  /** When it happened, as it says itself. */
  readonly timeMs: number;
  /** When it was accepted. */
  readonly receivedMs: number;
  /** Kind of source it came from, such as `native`. */
  readonly sourceKind: string;
}

export class Pipeline {
  constructor(_config: CollectorConfig, _instruments: Instruments, _now: () => number) {}
  process(_accepted: AcceptedEvent): void {}
  tick(): void {}
  snapshot(): object {
    return {};
  }
  restore(_snapshot: object): void {}
}
