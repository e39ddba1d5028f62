/** An event on its way through: what has been found out about it once is not found out again. */
import type { McpEvent } from '../catalogue/events.ts';
import type { Position } from '../journal/segment.ts';
import type { SharedText } from '../journal/shared-texts.ts';
import type { AcceptedEvent } from '../process/pipeline.ts';
import type { IdHash } from './dedupe.ts';

/** Until the event's record has been written. */
const NOWHERE: Position = { segment: 0, offset: 0 };

export class Arrival implements AcceptedEvent, IdHash {
  readonly event: McpEvent;
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly sourceKind: string;
  position = NOWHERE;
  /** What the journal keeps of its session, where that is known. */
  setting: SharedText | undefined = undefined;
  idLow = 0;
  idHigh = 0;

  constructor(event: McpEvent, timeMs: number, receivedMs: number, sourceKind: string) {
    this.event = event;
    this.timeMs = timeMs;
    this.receivedMs = receivedMs;
    this.sourceKind = sourceKind;
  }
}
