/**
 * From events as they were sent to events that count: checked one by one, stripped of what may not be kept, put in
 * the journal, told from repeated ones, and only then processed and answered.
 */
import type { Logger } from 'pino';
import {
  collectorDuplicates,
  collectorEvents,
  collectorEvictions,
  collectorLastEvent,
  collectorRejections,
  type RejectionReason,
} from '../catalogue/collector-metrics.ts';
import { ID_LENGTH, type McpEvent } from '../catalogue/events.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import { type Journal, JournalBusy } from '../journal/journal.ts';
import { type Batch, encodeRecord } from '../journal/record.ts';
import type { Position } from '../journal/segment.ts';
import type { Pipeline } from '../process/pipeline.ts';
import type { SeenIds } from './dedupe.ts';
import type { Claim } from './in-flight.ts';
import { countValues } from './json-bounds.ts';
import type { EventVisitor } from './json-events.ts';
import { pseudonymous, type SessionHash, withoutPayload } from './privacy.ts';
import { overloaded, unavailable } from './refusal.ts';
import { parseTime } from './times.ts';
import { faultOf } from './validate.ts';

export interface RejectedEvent {
  /** Place of the event in its request, from 0. */
  readonly index: number;
  /** The event's id, where it has a usable one. */
  readonly id: string | null;
  readonly error: string;
}

/** What a request with events is answered. */
export interface IngestAnswer {
  accepted: number;
  duplicates: number;
  /** The first of the rejected events. */
  readonly rejected: RejectedEvent[];
  /** How many were rejected, when that is more than are listed. */
  rejected_total?: number;
}

export interface IntakeParts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly seen: SeenIds;
  readonly sessionHash: SessionHash;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const LISTED_REJECTIONS = 1_000;
/** Memory of one value of a parsed payload, about: an attacker's small objects outweigh their text many times. */
const VALUE_BYTES = 64;

export class Intake {
  readonly parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  /** Starts taking the events of one request, whose memory is held in `claim`. */
  begin(sourceKind: string, claim: Claim): Admission {
    return new Admission(this, sourceKind, claim);
  }

  /** Processes what is on disk, in the record that starts at `position`, and answers how many had not been seen before. */
  process(batch: Batch, position: Position): number {
    const { instruments, logger } = this.parts;
    let accepted = 0;
    for (const event of batch.events) {
      try {
        if (this.#processOne(event, batch, position)) accepted++;
      } catch (error) {
        // An event that trips the collector, such as one of a newer version before a rollback, costs neither its
        // neighbours nor, on replay, the start.
        logger.error({ error: (error as Error).stack, kind: event.kind }, 'an event could not be processed');
      }
    }
    if (accepted > 0) instruments.set(collectorLastEvent, {}, batch.receivedMs / 1_000);
    return accepted;
  }

  /** False when the event has been seen before. */
  #processOne(event: McpEvent, { receivedMs, sourceKind }: Batch, position: Position): boolean {
    const { seen, pipeline, instruments } = this.parts;
    const timeMs = parseTime(event.time);
    const added = seen.add(event.id);
    if (added === 'known' || timeMs === undefined) return false;
    if (added === 'evicted') instruments.inc(collectorEvictions, { table: 'dedupe_ids' });
    instruments.inc(collectorEvents, { source: sourceKind, kind: event.kind });
    pipeline.process({ event, timeMs, receivedMs, sourceKind, position });
    return true;
  }
}

/** The events of one request on their way in. */
export class Admission implements EventVisitor {
  readonly #intake: Intake;
  readonly #sourceKind: string;
  readonly #claim: Claim;
  readonly #receivedMs: number;
  readonly #events: McpEvent[] = [];
  readonly #rejected: RejectedEvent[] = [];
  #index = 0;
  #duplicates = 0;
  #rejections = 0;

  constructor(intake: Intake, sourceKind: string, claim: Claim) {
    this.#intake = intake;
    this.#sourceKind = sourceKind;
    this.#claim = claim;
    this.#receivedMs = intake.parts.now();
  }

  /** Takes one event as it was sent. Throws a Refusal of the whole request when its payload is too much to hold. */
  event(value: unknown): void {
    const problem = this.#problemOf(value);
    if (problem !== undefined) {
      this.#reject(problem[0], idOf(value), problem[1]);
      return;
    }
    this.#index++;
    const event = value as McpEvent;
    const { seen, sessionHash } = this.#intake.parts;
    if (seen.has(event.id)) this.#duplicates++;
    else this.#events.push(pseudonymous(event, sessionHash));
  }

  brokenLine(error: string): void {
    this.#reject('malformed', null, error);
  }

  /** Makes the events durable and processes them. Throws a Refusal when that is not possible now. */
  async commit(): Promise<IngestAnswer> {
    const accepted = this.#events.length === 0 ? 0 : await this.#append();
    const duplicates = this.#duplicates + this.#events.length - accepted;
    if (duplicates > 0) this.#intake.parts.instruments.inc(collectorDuplicates, {}, duplicates);
    const answer: IngestAnswer = { accepted, duplicates, rejected: this.#rejected };
    if (this.#rejections > this.#rejected.length) answer.rejected_total = this.#rejections;
    return answer;
  }

  async #append(): Promise<number> {
    const common = { receivedMs: this.#receivedMs, sourceKind: this.#sourceKind };
    const record = encodeRecord({ ...common, events: this.#events.map(withoutPayload) });
    try {
      // An event that another request is just writing is not known yet and is written again: that is the price of
      // never answering "duplicate" for one that may still be lost. It counts once, since both are processed in turn.
      return await this.#intake.parts.journal.append(record, (position) =>
        this.#intake.process({ ...common, events: this.#events }, position),
      );
    } catch (error) {
      if (error instanceof JournalBusy) throw overloaded();
      throw unavailable('journal', 'the events could not be written to disk');
    }
  }

  #problemOf(value: unknown): readonly [RejectionReason, string] | undefined {
    const fault = faultOf(value);
    if (fault !== undefined) return ['invalid', fault];
    const event = value as McpEvent;
    const nested = this.#holdPayload(event);
    if (nested !== undefined) return ['invalid', nested];
    const timeMs = parseTime(event.time);
    if (timeMs === undefined)
      return ['invalid', 'time must be an RFC 3339 time with a zone, such as 2026-11-21T09:30:00Z'];
    const ageSeconds = (this.#receivedMs - timeMs) / 1_000;
    const { maxEventAgeSeconds, maxEventFutureSeconds } = this.#intake.parts.config;
    if (ageSeconds > maxEventAgeSeconds)
      return ['too_old', `time is more than ${maxEventAgeSeconds} s in the past: send events sooner`];
    if (-ageSeconds > maxEventFutureSeconds)
      return [
        'in_future',
        `time is more than ${maxEventFutureSeconds} s in the future: set the sender's clock`,
      ];
    return undefined;
  }

  /** Counts the memory of the fields that may hold any JSON; says what is wrong when they are nested too deep. */
  #holdPayload(event: McpEvent): string | undefined {
    if (event.kind === 'tool_list') return this.#hold('tools', event.tools);
    if (event.kind !== 'tool_call') return undefined;
    return this.#hold('arguments', event.arguments) ?? this.#hold('result', event.result);
  }

  #hold(field: string, value: unknown): string | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { jsonDepth } = this.#intake.parts.config.limits;
    const values = countValues(value, jsonDepth);
    if (values === undefined) return `${field} must not be nested deeper than ${jsonDepth} levels`;
    if (!this.#claim.add(values * VALUE_BYTES)) throw overloaded();
    return undefined;
  }

  #reject(reason: RejectionReason, id: string | null, error: string): void {
    this.#intake.parts.instruments.inc(collectorRejections, { reason });
    this.#rejections++;
    if (this.#rejected.length < LISTED_REJECTIONS) this.#rejected.push({ index: this.#index, id, error });
    this.#index++;
  }
}

/** The id of an event that is no valid one, to be told back to its sender. */
function idOf(value: unknown): string | null {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' && id.length <= ID_LENGTH ? id : null;
}
