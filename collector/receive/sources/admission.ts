/** The telemetry records of one request on their way in: each becomes events of its source, or is ignored or rejected. */
import {
  collectorIgnored,
  collectorRejections,
  type IgnoredReason,
  type RejectionReason,
} from '../../catalogue/collector-metrics.ts';
import type { McpEvent } from '../../catalogue/events.ts';
import type { SharedText } from '../../journal/shared-texts.ts';
import type { Admission, RejectedEvent } from '../admission.ts';
import type { CallColumns } from '../calls/call-columns.ts';
import type { Claim } from '../in-flight.ts';
import type { Intake } from '../intake.ts';
import type { TelemetryRecord } from '../otlp/record.ts';
import type { Normaliser } from './normalise.ts';
import type { Plan } from './record-reader.ts';

/** What became of the records of one request. */
export interface RecordsAnswer {
  /** Events. */
  readonly accepted: number;
  readonly duplicates: number;
  /** Records that are about something else. */
  readonly ignored: number;
  /** The first of the rejected records, by their place in the request. */
  readonly rejected: readonly RejectedEvent[];
  readonly rejectedTotal: number;
}

const LISTED_REJECTIONS = 1_000;

/** The admission of one source's events, and which record each of them came from. */
interface OfSource {
  readonly admission: Admission;
  readonly records: number[];
}

export class RecordAdmission {
  readonly #intake: Intake;
  readonly #normaliser: Normaliser;
  readonly #claim: Claim;
  readonly #bySource = new Map<string, OfSource>();
  readonly #repeats = new Map<string, number>();
  readonly #rejected: RejectedEvent[] = [];
  /** How many records were ignored and rejected, by reason; counted once the request is known to be sound. */
  readonly #ignored = new Map<IgnoredReason, number>();
  readonly #refused = new Map<RejectionReason, number>();
  #records = 0;
  /** Records of which an event was rejected. */
  #withRejected = 0;

  constructor(intake: Intake, normaliser: Normaliser, claim: Claim) {
    this.#intake = intake;
    this.#normaliser = normaliser;
    this.#claim = claim;
  }

  /**
   * Takes one record; `plan` is its source's, undefined when it is none's. `learn` is shown the event of a record that
   * becomes one, before it counts.
   */
  take(record: TelemetryRecord, plan: Plan | undefined, learn?: (event: McpEvent, plan: Plan) => void): void {
    const index = this.#records++;
    const normalised = plan
      ? this.#normaliser.normalise(record, plan, this.#repeats)
      : ({ ignored: 'not_mcp' } as const);
    if ('ignored' in normalised) {
      const { ignored } = normalised;
      this.#ignored.set(ignored, (this.#ignored.get(ignored) ?? 0) + 1);
    } else if ('rejected' in normalised) {
      this.#reject(index, 'invalid', normalised.rejected);
    } else {
      if (plan && normalised.events.length === 1) learn?.(normalised.events[0]!, plan);
      const { admission, records } = this.#of(plan?.source.name ?? '');
      const before = admission.rejections;
      for (const event of normalised.events) {
        records.push(index);
        admission.event(event);
      }
      if (admission.rejections > before) this.#withRejected++;
    }
  }

  /** Takes a record of a source that is known to be one call, which was read into a row. */
  readCall(source: string, calls: CallColumns, row: number): void {
    const admission = this.#next(source);
    const before = admission.rejections;
    admission.readCall(calls, row);
    if (admission.rejections > before) this.#withRejected++;
  }

  /** The same as an event; its session is known by its keyed hash already. */
  call(source: string, event: McpEvent, timeMs: number, setting: SharedText | undefined): void {
    const admission = this.#next(source);
    const before = admission.rejections;
    admission.call(event, timeMs, setting);
    if (admission.rejections > before) this.#withRejected++;
  }

  /** Where the event of the next record goes. */
  #next(source: string): Admission {
    const { admission, records } = this.#of(source);
    records.push(this.#records++);
    return admission;
  }

  /** Rejects what is no record at all. */
  reject(reason: RejectionReason, error: string): void {
    this.#reject(this.#records++, reason, error);
  }

  /** Counts records that were not even read, since the request had too many. */
  rejectSurplus(count: number, error: string): void {
    if (count === 0) return;
    this.#reject(this.#records, 'too_large', error, count);
    this.#records += count;
  }

  /** Makes the events durable and processes them. Throws a Refusal when that is not possible now. */
  async commit(): Promise<RecordsAnswer> {
    this.#claim.events = this.#records;
    let accepted = 0;
    let duplicates = 0;
    const rejectedRecords = new Set<number>();
    // At once, so that all sources share a group commit.
    const committing = [...this.#bySource.values()].map(async ({ admission, records }) => {
      const answer = await admission.commit();
      accepted += answer.accepted;
      duplicates += answer.duplicates;
      for (const { index, id, error } of answer.rejected) {
        const record = records[index] as number;
        if (rejectedRecords.has(record)) continue;
        rejectedRecords.add(record);
        this.#list({ index: record, id, error });
      }
    });
    const failed = (await Promise.allSettled(committing)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    const rejectedTotal = this.#count() + this.#withRejected;
    const ignored = [...this.#ignored.values()].reduce((sum, count) => sum + count, 0);
    return { accepted, duplicates, ignored, rejected: this.#rejected, rejectedTotal };
  }

  /** Counts what became no event; the answer is how many of that was rejected. */
  #count(): number {
    const { instruments } = this.#intake.parts;
    let rejected = 0;
    for (const [reason, count] of this.#ignored) instruments.inc(collectorIgnored, { reason }, count);
    for (const [reason, count] of this.#refused) {
      instruments.inc(collectorRejections, { reason }, count);
      rejected += count;
    }
    return rejected;
  }

  #of(source: string): OfSource {
    const known = this.#bySource.get(source);
    if (known) return known;
    const created = { admission: this.#intake.begin(source, this.#claim), records: [] };
    this.#bySource.set(source, created);
    return created;
  }

  #reject(index: number, reason: RejectionReason, error: string, count = 1): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + count);
    this.#list({ index, id: null, error });
  }

  #list(rejected: RejectedEvent): void {
    if (this.#rejected.length < LISTED_REJECTIONS) this.#rejected.push(rejected);
  }
}
