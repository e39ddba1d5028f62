/**
 * The events of one request from when they are taken until they count: their record for the journal, and what is known
 * of each of them.
 *
 * They wait for the disk, and whatever is made for them meanwhile outlives a turn of the collector of garbage, which copies
 * it. So calls are rows of numbers (`calls/call-columns.ts`), their record is written as they come, and the memory of a
 * request is another's afterwards: turns of that collector take a third of their time, and the main thread 4.0 µs an event
 * where it took 4.5.
 */
import type { McpEvent } from '../catalogue/events.ts';
import { RecordWriter } from '../journal/record-writer.ts';
import type { Position } from '../journal/segment.ts';
import type { SharedText } from '../journal/shared-texts.ts';
import type { AcceptedEvent } from '../process/pipeline.ts';
import type { Sessions } from '../process/sessions.ts';
import { CallColumns, NUMBER_AT, TEXT_AT } from './calls/call-columns.ts';
import type { SeenIds } from './dedupe.ts';

/** Kept for others at most, and the most that one may have room for, of a record and of events: a few megabytes. */
const KEPT = 32;
const KEPT_BYTES = 128 * 1024;
const KEPT_EVENTS = 1_024;
const SMALLEST = 16;

export class Arrivals {
  readonly #seen: SeenIds;
  readonly #writer = new RecordWriter();
  /** Of each event: itself, unless it is a call that was read; such a call is a row of the columns. */
  readonly #events: (McpEvent | undefined)[] = [];
  readonly calls = new CallColumns(this.#writer.bytes);
  /** Hashes of the ids. */
  #low = new Int32Array(SMALLEST);
  #high = new Int32Array(SMALLEST);
  #length = 0;
  #receivedMs = 0;
  #sourceKind = '';

  constructor(seen: SeenIds) {
    this.#seen = seen;
  }

  get length(): number {
    return this.#length;
  }

  get receivedMs(): number {
    return this.#receivedMs;
  }

  get sourceKind(): string {
    return this.#sourceKind;
  }

  begin(receivedMs: number, sourceKind: string): void {
    this.#length = 0;
    this.#receivedMs = receivedMs;
    this.#sourceKind = sourceKind;
    this.#writer.start(receivedMs, sourceKind);
  }

  /** Adds an event that is to be written, whose id has just been hashed. */
  add(event: McpEvent, timeMs: number, setting: SharedText | undefined): void {
    this.take(event, timeMs);
    this.#writer.event(event, timeMs, setting);
  }

  /** Adds an event that stands in the journal, whose id has just been hashed. */
  take(event: McpEvent, timeMs: number): void {
    const i = this.#next();
    this.#events[i] = event;
    this.calls.setNumber(i, NUMBER_AT.timeMs, timeMs);
    this.calls.settings[i] = undefined;
  }

  /** Adds a call that is read from the scratch, unless it has been seen before: whether it was added. */
  addCall(calls: CallColumns, row: number): boolean {
    const seen = this.#seen;
    seen.hashBytes(calls.bytes, calls.from(row, TEXT_AT.id), calls.to(row, TEXT_AT.id));
    if (seen.hasHash(seen.hashLow, seen.hashHigh)) return false;
    const i = this.#next();
    this.#events[i] = undefined;
    this.calls.copy(i, calls, row);
    this.#writer.readCall(calls, row, this.calls, i);
    return true;
  }

  /** The record of all of them, which lasts as long as they do. */
  record(): Buffer {
    const record = this.#writer.finish();
    this.calls.bytes = record;
    return record;
  }

  low(i: number): number {
    return this.#low[i]!;
  }

  high(i: number): number {
    return this.#high[i]!;
  }

  /** Whether it is a row of `calls`, and no object. */
  isCall(i: number): boolean {
    return this.#events[i] === undefined;
  }

  /** Reads a little of the session that an event may be of. */
  fetch(i: number, sessions: Sessions): number {
    const setting = this.calls.settings[i];
    if (setting !== undefined) return sessions.fetchRow(setting.sessionRow);
    const session = this.#events[i]?.session;
    return session === undefined ? 0 : sessions.fetch(session.id);
  }

  /** The event as an object, given where its record stands. */
  accepted(i: number, position: Position): AcceptedEvent {
    const event = this.#events[i] ?? this.calls.event(i);
    const timeMs = this.calls.number(i, NUMBER_AT.timeMs);
    return { event, timeMs, receivedMs: this.#receivedMs, sourceKind: this.#sourceKind, position };
  }

  /** Forgets them. False when they took more memory than is kept for others. */
  clear(): boolean {
    for (let i = 0; i < this.#length; i++) this.#events[i] = undefined;
    this.#length = 0;
    return this.#writer.bytes.length <= KEPT_BYTES && this.#low.length <= KEPT_EVENTS;
  }

  #next(): number {
    const i = this.#length++;
    if (i === this.#low.length) {
      const [low, high] = [this.#low, this.#high];
      this.#low = new Int32Array(2 * i);
      this.#high = new Int32Array(2 * i);
      this.#low.set(low);
      this.#high.set(high);
    }
    this.#low[i] = this.#seen.hashLow;
    this.#high[i] = this.#seen.hashHigh;
    this.calls.reserve(i);
    return i;
  }
}

/** Those that are no request's now. */
export class ArrivalsPool {
  readonly #seen: SeenIds;
  readonly #free: Arrivals[] = [];

  constructor(seen: SeenIds) {
    this.#seen = seen;
  }

  begin(receivedMs: number, sourceKind: string): Arrivals {
    const arrivals = this.#free.pop() ?? new Arrivals(this.#seen);
    arrivals.begin(receivedMs, sourceKind);
    return arrivals;
  }

  /** Takes them back when they count, and nobody has them or their record any more. */
  give(arrivals: Arrivals): void {
    if (arrivals.clear() && this.#free.length < KEPT) this.#free.push(arrivals);
  }
}
