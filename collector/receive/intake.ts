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
import type { Pipeline } from '../process/pipeline.ts';
import { Outbox } from '../processes/outbox.ts';
import type { Peers } from '../processes/peers.ts';
import { ownerOf, WINDOW_COPY } from '../processes/routing.ts';
import type { Counter } from '../series-values.ts';
import { Admission } from './admission.ts';
import { Arrival } from './arrival.ts';
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
  /** Nothing: what is read for no other purpose comes here, or the engine would leave it out. */
  fetched = 0;
  /** How many events came, by kind of source and of event. */
  readonly #counters = new Map<string, Map<EventKind, Counter>>();

  constructor(parts: IntakeParts) {
    this.parts = parts;
    this.settings = new Settings(parts.sessionHash);
    this.quick = new QuickEvents(new CallReader(this.settings, (event) => this.isOwn(event)));
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
    const arrivals: Arrival[] = [];
    for (const event of events) {
      const timeMs = parseTime(event.time);
      if (timeMs === undefined) continue;
      const arrival = new Arrival(event, timeMs, receivedMs, sourceKind);
      arrivals.push(this.parts.seen.hash(event.id, arrival));
    }
    return this.apply(arrivals, position);
  }

  /** Processes the events of the record that is on disk at `position`, and answers how many had not been seen before. */
  apply(arrivals: readonly Arrival[], position: Position): number {
    const { seen, instruments } = this.parts;
    let accepted = 0;
    this.#fetch(arrivals);
    for (const arrival of arrivals) {
      const added = seen.addHash(arrival);
      if (added === 'known') continue;
      if (added === 'evicted') instruments.inc(collectorEvictions, { table: 'dedupe_ids' });
      arrival.position = position;
      if (this.#process(arrival)) accepted++;
    }
    if (accepted > 0) instruments.set(collectorLastEvent, {}, arrivals[0]!.receivedMs / 1_000);
    return accepted;
  }

  /**
   * Reads a little of all that the events will need. Sessions are many and lie far apart, so each event waits for memory
   * several times; one small loop over them waits for many at once, which takes a twentieth off an event's CPU.
   */
  #fetch(arrivals: readonly Arrival[]): void {
    const { seen, pipeline } = this.parts;
    const { sessions } = pipeline;
    let sum = 0;
    for (const arrival of arrivals) {
      const { session } = arrival.event;
      sum += seen.fetch(arrival) + (session === undefined ? 0 : sessions.fetch(session.id));
    }
    this.fetched = sum;
  }

  /** False for an event that trips the collector. */
  #process(arrival: Arrival): boolean {
    try {
      if (arrival.sourceKind !== WINDOW_COPY) this.#counterOf(arrival).add();
      this.parts.pipeline.process(arrival);
      return true;
    } catch (error) {
      // Such as one of a newer version before a rollback: it costs neither its neighbours nor, on replay, the start.
      const { kind } = arrival.event;
      this.parts.logger.error({ error: (error as Error).stack, kind }, 'an event could not be processed');
      return false;
    }
  }

  #counterOf({ sourceKind: source, event: { kind } }: Arrival): Counter {
    const known = this.#counters.get(source)?.get(kind);
    if (known) return known;
    const ofSource = this.#counters.get(source) ?? new Map<EventKind, Counter>();
    this.#counters.set(source, ofSource);
    const counter = this.parts.instruments.counter(collectorEvents, { source, kind });
    ofSource.set(kind, counter);
    return counter;
  }
}
