/** The events of one request on their way in: checked one by one, put in the journal, and answered once they count. */
import {
  collectorDuplicates,
  collectorRejections,
  type RejectionReason,
} from '../catalogue/collector-metrics.ts';
import { ID_LENGTH, type McpEvent } from '../catalogue/events.ts';
import { JournalBusy } from '../journal/journal.ts';
import type { SharedText } from '../journal/shared-texts.ts';
import type { Divider } from '../processes/division.ts';
import type { Outbox, SentOn } from '../processes/outbox.ts';
import { WINDOW_COPY } from '../processes/routing.ts';
import type { Arrivals } from './arrivals.ts';
import { type CallColumns, NUMBER_AT } from './calls/call-columns.ts';
import type { CallVisitor } from './calls/quick-events.ts';
import type { Claim } from './in-flight.ts';
import type { Intake } from './intake.ts';
import { countValues } from './json-bounds.ts';
import { measurePayload } from './privacy.ts';
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

/** Under which reason an event is rejected, and why in one sentence. */
type Problem = readonly [RejectionReason, string];

const LISTED_REJECTIONS = 1_000;
/** Memory of one value of a parsed payload, about: an attacker's small objects outweigh their text many times. */
const VALUE_BYTES = 64;

export class Admission implements Divider, CallVisitor {
  readonly #intake: Intake;
  readonly #sourceKind: string;
  readonly #claim: Claim;
  readonly #receivedMs: number;
  /** Takes the events of other processes. */
  readonly #outbox: Outbox | undefined;
  /** Those that are to be written; none until there is one. */
  #arrivals: Arrivals | undefined;
  readonly #rejected: RejectedEvent[] = [];
  /** By reason; counted with the answer, since a request that is refused as a whole counts as that alone. */
  readonly #reasons = new Map<RejectionReason, number>();
  #index = 0;
  #duplicates = 0;
  #rejections = 0;

  constructor(intake: Intake, sourceKind: string, claim: Claim, outbox?: Outbox) {
    this.#intake = intake;
    this.#sourceKind = sourceKind;
    this.#claim = claim;
    this.#outbox = outbox;
    this.#receivedMs = Math.floor(intake.parts.now());
  }

  /** Takes one event as it was sent. Throws a Refusal of the whole request when its payload is too much to hold. */
  event(value: unknown): void {
    const fault = faultOf(value);
    if (fault !== undefined) {
      this.#reject('invalid', idOf(value), fault);
      return;
    }
    const event = value as McpEvent;
    const timeMs = parseTime(event.time);
    const problem = this.#holdPayload(event) ?? this.#problemOf(timeMs);
    if (problem !== undefined) {
      const [reason, sentence] = problem;
      this.#reject(reason, event.id, sentence);
      return;
    }
    const index = this.#index++;
    if (this.#outbox?.takes(event, index)) return;
    if (this.#isKnown(event)) return;
    measurePayload(event);
    this.#toWrite().add(event, timeMs!, this.#intake.settings.of(event));
  }

  /** Takes a call that has been checked and carries no payload; its session is known by its keyed hash already. */
  call(event: McpEvent, timeMs: number, setting: SharedText | undefined): void {
    const problem = this.#problemOf(timeMs);
    if (problem !== undefined) {
      const [reason, sentence] = problem;
      this.#reject(reason, event.id, sentence);
      return;
    }
    this.#index++;
    if (!this.#isKnown(event)) this.#toWrite().add(event, timeMs, setting);
  }

  readCall(calls: CallColumns, row: number): void {
    if (!calls.settings[row]!.own) {
      this.#outbox!.addCall(this.#index++, calls, row);
      return;
    }
    const problem = this.#problemOf(calls.number(row, NUMBER_AT.timeMs));
    if (problem !== undefined) {
      const [reason, sentence] = problem;
      this.#reject(reason, calls.event(row).id, sentence);
      return;
    }
    this.#index++;
    if (!this.#toWrite().addCall(calls, row)) this.#duplicates++;
  }

  /** Whether an event has been seen before; its id's hash is then at hand. */
  #isKnown({ id }: McpEvent): boolean {
    const { seen } = this.#intake.parts;
    seen.hash(id);
    const known = seen.hasHash(seen.hashLow, seen.hashHigh);
    if (known) this.#duplicates++;
    return known;
  }

  #toWrite(): Arrivals {
    this.#arrivals ??= this.#intake.arrivals.begin(this.#receivedMs, this.#sourceKind);
    return this.#arrivals;
  }

  isOthers(sessionHash: number): boolean {
    return this.#outbox?.isOthers(sessionHash) ?? false;
  }

  passOn(sessionHash: number, body: Buffer, from: number, to: number): void {
    this.#outbox!.add(sessionHash, this.#index++, body, from, to);
  }

  brokenLine(error: string): void {
    this.#reject('malformed', null, error);
  }

  /** How many events were rejected so far. */
  get rejections(): number {
    return this.#rejections;
  }

  /** Makes the events durable and processes them. Throws a Refusal when that is not possible now. */
  async commit(): Promise<IngestAnswer> {
    const arrivals = this.#arrivals;
    const written = arrivals?.length ?? 0;
    if (arrivals !== undefined && written === 0) this.#intake.arrivals.give(arrivals);
    const own = arrivals === undefined || written === 0 ? 0 : this.#append(arrivals);
    const sending = this.#outbox?.send();
    // Both come to their end: an answer before that would give the memory of the request back too early.
    const settled = sending && (await Promise.allSettled([own, sending]));
    const accepted = settled ? settledValue(settled[0]) : await own;
    const duplicates = this.#duplicates + written - accepted;
    const { instruments } = this.#intake.parts;
    // A copy is repeated with the event itself, which counts where it belongs.
    if (duplicates > 0 && this.#sourceKind !== WINDOW_COPY)
      instruments.inc(collectorDuplicates, {}, duplicates);
    const elsewhere = settled && settledValue(settled[1]);
    for (const [reason, count] of this.#reasons) instruments.inc(collectorRejections, { reason }, count);
    const answer: IngestAnswer = { accepted, duplicates, rejected: this.#rejected };
    if (elsewhere !== undefined) this.#add(elsewhere, answer);
    if (this.#rejections > this.#rejected.length) answer.rejected_total = this.#rejections;
    return answer;
  }

  /** Puts what other processes said of their events into the answer. */
  #add({ accepted, duplicates, rejected, rejected_total }: SentOn, answer: IngestAnswer): void {
    answer.accepted += accepted;
    answer.duplicates += duplicates;
    this.#rejections += rejected_total ?? rejected.length;
    this.#rejected.push(...rejected.slice(0, LISTED_REJECTIONS - this.#rejected.length));
  }

  async #append(arrivals: Arrivals): Promise<number> {
    try {
      // An event that another request is just writing is not known yet and is written again: that is the price of
      // never answering "duplicate" for one that may still be lost. It counts once, since both are processed in turn.
      return await this.#intake.parts.journal.append(arrivals.record(), (position) =>
        this.#intake.apply(arrivals, position),
      );
    } catch (error) {
      if (error instanceof JournalBusy) throw overloaded();
      throw unavailable('journal', 'the events could not be written to disk');
    }
  }

  #problemOf(timeMs: number | undefined): Problem | undefined {
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
  #holdPayload(event: McpEvent): Problem | undefined {
    if (event.kind === 'tool_list') return this.#hold('tools', event.tools);
    if (event.kind !== 'tool_call') return undefined;
    return this.#hold('arguments', event.arguments) ?? this.#hold('result', event.result);
  }

  #hold(field: string, value: unknown): Problem | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { jsonDepth } = this.#intake.parts.config.limits;
    const values = countValues(value, jsonDepth);
    if (values === undefined)
      return ['invalid', `${field} must not be nested deeper than ${jsonDepth} levels`];
    if (!this.#claim.add(values * VALUE_BYTES)) throw overloaded();
    return undefined;
  }

  #reject(reason: RejectionReason, id: string | null, error: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    this.#rejections++;
    if (this.#rejected.length < LISTED_REJECTIONS) this.#rejected.push({ index: this.#index, id, error });
    this.#index++;
  }
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** The id of an event that is no valid one, to be told back to its sender. */
function idOf(value: unknown): string | null {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' && id.length <= ID_LENGTH ? id : null;
}
