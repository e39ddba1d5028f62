/** An event on its way through: what has been found out about it once is not found out again. */
import type { McpEvent } from '../catalogue/events.ts';
import type { Position } from '../journal/segment.ts';
import type { AcceptedEvent } from '../process/pipeline.ts';

export class Arrival implements AcceptedEvent {
  readonly event: McpEvent;
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly sourceKind: string;
  readonly position: Position;

  constructor(event: McpEvent, timeMs: number, receivedMs: number, sourceKind: string, position: Position) {
    this.event = event;
    this.timeMs = timeMs;
    this.receivedMs = receivedMs;
    this.sourceKind = sourceKind;
    this.position = position;
  }
}
