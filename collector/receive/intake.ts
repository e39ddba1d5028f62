/**
 * From events as they were sent to events that count. `admission.ts` has the way of one request up to the journal; here
 * is what all requests share, and what becomes of events on disk: told from repeated ones, counted and processed.
 */
import type { Logger } from 'pino';
import { collectorEvents, collectorEvictions, collectorLastEvent } from '../catalogue/collector-metrics.ts';
import type { EventKind, McpEvent } from '../catalogue/events.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import type { Journal } from '../journal/journal.ts';
import type { Batch } from '../journal/record.ts';
import type { Position } from '../journal/segment.ts';
import type { AcceptedEvent, Pipeline } from '../process/pipeline.ts';
import type { Source } from '../process/read-calls.ts';
import { Outbox } from '../processes/outbox.ts';
import type { Peers } from '../processes/peers.ts';
import { ownerOf, WINDOW_COPY } from '../processes/routing.ts';
import type { Counter } from '../series-values.ts';
import { Admission } from './admission.ts';
import { type Arrivals, ArrivalsPool } from './arrivals.ts';
import { CallReader } from './calls/call-reader.ts';
import { QuickEvents } from './calls/quick-events.ts';
import type { SeenIds } from './dedupe.ts';
import type { Claim } from './in-flight.ts';
import type { SessionHash } from './privacy.ts';
import { Settings } from './settings.ts';
import { parseTime } from './times.ts';

export interface IntakeParts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly seen: SeenIds;
  readonly sessionHash: SessionHash;
  /** The other processes, when several share the work. */
  readonly peers?: Peers | undefined;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Intake {
  readonly parts: IntakeParts;
  readonly settings: Settings;
  readonly quick: QuickEvents;
  readonly reader: CallReader;
  readonly arrivals: ArrivalsPool;
  /** Nothing: what is read for no other purpose comes here, or the engine would leave it out. */
  fetched = 0;
  /** How many events came, by kind of source and of event. */
  readonly #counters = new Map<string, Map<EventKind, Counter>>();

  constructor(parts: IntakeParts) {
    this.parts = parts;
    this.settings = new Settings(parts.sessionHash);
    this.arrivals = new ArrivalsPool(parts.seen);
    this.reader = new CallReader(this.settings, (event) => this.isOwn(event));
    this.quick = new QuickEvents(this.reader);
  }

  /** Whether this process processes what a session sends. */
  isOwn(event: McpEvent): boolean {
    const { peers } = this.parts;
    if (peers === undefined) return true;
    // Whose an event without a session is, its trace or its id decides.
    return event.session !== undefined && ownerOf(event, peers.processes) === peers.own;
  }

  /** Starts taking the events of one request, whose memory is held in `claim`. */
  begin(sourceKind: string, claim: Claim): Admission {
    const { peers } = this.parts;
    return new Admission(this, sourceKind, claim, peers && new Outbox(peers, sourceKind));
  }

  /** The same of events that another process took in, and that belong to this one. */
  beginSentOn(sourceKind: string, claim: Claim): Admission {
    return new Admission(this, sourceKind, claim);
  }

  /** Processes what the journal holds, in the record that starts at `position`, and answers how many had not been seen before. */
  process({ events, receivedMs, sourceKind }: Batch, position: Position): number {
    const { seen } = this.parts;
    const arrivals = this.arrivals.begin(receivedMs, sourceKind);
    for (const event of events) {
      const timeMs = parseTime(event.time);
      if (timeMs === undefined) continue;
      seen.hash(event.id);
      arrivals.take(event, timeMs);
    }
    return this.apply(arrivals, position);
  }

  /**
   * Processes the events of the record that is on disk at `position`, and answers how many had not been seen before. They
   * must not be used any more.
   */
  apply(arrivals: Arrivals, position: Position): number {
    const { seen, instruments } = this.parts;
    const from = { receivedMs: arrivals.receivedMs, sourceKind: arrivals.sourceKind, position };
    let accepted = 0;
    this.#fetch(arrivals);
    for (let i = 0; i < arrivals.length; i++) {
      const added = seen.addHash(arrivals.low(i), arrivals.high(i));
      if (added === 'known') continue;
      if (added === 'evicted') instruments.inc(collectorEvictions, { table: 'dedupe_ids' });
      if (arrivals.isCall(i) && arrivals.sourceKind !== WINDOW_COPY) {
        if (this.#processCall(arrivals, i, from)) accepted++;
      } else if (this.#process(arrivals.accepted(i, position))) accepted++;
    }
    if (accepted > 0) instruments.set(collectorLastEvent, {}, arrivals.receivedMs / 1_000);
    this.arrivals.give(arrivals);
    return accepted;
  }

  /**
   * Reads a little of all that the events will need. Sessions are many and lie far apart, so each event waits for memory
   * several times; one small loop over them waits for many at once, which takes a twentieth off an event's CPU.
   */
  #fetch(arrivals: Arrivals): void {
    const { seen, pipeline } = this.parts;
    const { sessions } = pipeline;
    let sum = 0;
    for (let i = 0; i < arrivals.length; i++) {
      sum += seen.fetch(arrivals.low(i)) + arrivals.fetch(i, sessions);
    }
    this.fetched = sum;
  }

  /** False for an event that trips the collector. */
  #process(arrival: AcceptedEvent): boolean {
    try {
      if (arrival.sourceKind !== WINDOW_COPY) this.#counterOf(arrival.sourceKind, arrival.event.kind).add();
      this.parts.pipeline.process(arrival);
      return true;
    } catch (error) {
      this.#failed(error as Error, arrival.event.kind);
      return false;
    }
  }

  #processCall(arrivals: Arrivals, i: number, from: Source): boolean {
    try {
      this.#counterOf(from.sourceKind, 'tool_call').add();
      this.parts.pipeline.processCall(arrivals.calls, i, from);
      return true;
    } catch (error) {
      this.#failed(error as Error, 'tool_call');
      return false;
    }
  }

  /** Such as one of a newer version before a rollback: it costs neither its neighbours nor, on replay, the start. */
  #failed({ stack }: Error, kind: EventKind): void {
    this.parts.logger.error({ error: stack, kind }, 'an event could not be processed');
  }

  #counterOf(source: string, kind: EventKind): Counter {
    const known = this.#counters.get(source)?.get(kind);
    if (known) return known;
    const ofSource = this.#counters.get(source) ?? new Map<EventKind, Counter>();
    this.#counters.set(source, ofSource);
    const counter = this.parts.instruments.counter(collectorEvents, { source, kind });
    ofSource.set(kind, counter);
    return counter;
  }
}
