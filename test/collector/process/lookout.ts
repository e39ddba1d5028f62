/** A pipeline on a clock that tests move by hand, fed and scraped as in production. */
import type { EventKind, EventOf, McpEvent } from '../../../collector/catalogue/events.ts';
import type { Metric } from '../../../collector/catalogue/metric.ts';
import { type CollectorConfig, collectorDefaults } from '../../../collector/config.ts';
import { createInstruments, type Instruments } from '../../../collector/instruments.ts';
import { Pipeline } from '../../../collector/process/pipeline.ts';
import { type Sample, samplesFor, sampleValue } from '../exposition.ts';

export const START_MS = Date.parse('2026-11-21T12:00:00Z');

type Options = Partial<Omit<CollectorConfig, 'limits'>> & { limits?: Partial<CollectorConfig['limits']> };
type Fields<K extends EventKind> = Partial<Omit<EventOf<K>, 'kind'>>;

const required: { [K in EventKind]: Omit<EventOf<K>, 'kind' | 'id' | 'time' | 'server'> } = {
  tool_call: { tool: 'read', outcome: 'ok' },
  session_start: {},
  session_end: {},
  policy_decision: { tool: 'read', decision: 'deny' },
  dlp_block: { tool: 'read', rule: 'card-number' },
  auth_failure: { source: '192.0.2.1' },
  tool_list: { tools: [] },
};

export class Lookout {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly pipeline: Pipeline;
  nowMs = START_MS;
  sourceKind = 'native';
  #sent = 0;

  constructor(options: Options = {}) {
    const limits = { ...collectorDefaults.limits, ...options.limits };
    this.config = { ...collectorDefaults, ...options, limits };
    this.instruments = createInstruments(this.config, () => this.nowMs);
    this.pipeline = new Pipeline(
      this.config,
      this.instruments,
      () => this.nowMs,
      (error) => {
        throw error;
      },
    );
  }

  /** Sends an event that happened `agoSeconds` before now. */
  send<K extends EventKind>(kind: K, fields: Fields<K> = {}, agoSeconds = 0): void {
    const timeMs = this.nowMs - agoSeconds * 1_000;
    const event = {
      kind,
      id: `event-${++this.#sent}`,
      time: new Date(timeMs).toISOString(),
      server: 'files',
      ...required[kind],
      ...fields,
    } as unknown as McpEvent;
    this.pipeline.process({
      event,
      timeMs,
      receivedMs: this.nowMs,
      sourceKind: this.sourceKind,
      position: { segment: 1, offset: 0 },
    });
  }

  /** Calls tools one after the other in a session. */
  calls(session: string, tools: readonly string[], fields: Fields<'tool_call'> = {}): void {
    for (const tool of tools) this.send('tool_call', { session: { id: session }, tool, ...fields });
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }

  scrape(): Promise<string> {
    return this.instruments.exposition();
  }

  /** A scrape that shows what has been counted: the zero of new series has been seen before. */
  async settled(): Promise<string> {
    await this.scrape();
    this.pass(1.5 * this.config.scrapeIntervalSeconds);
    return this.scrape();
  }

  async value(metric: Metric, labels: Record<string, string> = {}, suffix = ''): Promise<number | undefined> {
    return sampleValue(await this.settled(), metric, labels, suffix);
  }

  /** A gauge as a scrape would show it at this moment. */
  async gauge(metric: Metric<'gauge'>, labels: Record<string, string> = {}): Promise<number | undefined> {
    return sampleValue(await this.scrape(), metric, labels);
  }

  async samples(metric: Metric, suffix = ''): Promise<Sample[]> {
    return samplesFor(await this.settled(), metric, suffix);
  }

  /** A new process with the same configuration and clock that takes up this one's snapshot. */
  restarted(options: Options = {}): { next: Lookout; startedClean: readonly string[] } {
    const next = new Lookout({ ...this.config, ...options });
    next.nowMs = this.nowMs;
    return { next, startedClean: next.pipeline.restore(saved(this.pipeline)) };
  }
}

/** What a pipeline would save, as it would be read again. */
export function saved(pipeline: Pipeline): Record<string, unknown> {
  const { parts, sessions, detectors } = pipeline.save(true);
  const lists: Record<'open' | 'ended', unknown[]> = { open: [], ended: [] };
  for (const [list, json] of sessions.slices()) lists[list].push(...JSON.parse(json));
  sessions.end();
  const learnt = [...detectors].flatMap((json) => JSON.parse(json));
  const detection = { ...(parts.detection as object), detectors: learnt };
  return JSON.parse(JSON.stringify({ ...parts, detection, sessions: { ...lists, peaks: sessions.peaks } }));
}
