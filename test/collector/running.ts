/** A collector on free ports of this machine, with a data directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { type Collector, startCollector } from '../../collector/app.ts';
import type { Metric } from '../../collector/catalogue/metric.ts';
import { type CollectorConfig, collectorDefaults } from '../../collector/config.ts';
import { sampleValue } from './exposition.ts';

const local = { host: '127.0.0.1', port: 0 };

/** A configuration for tests; its data directory exists and is empty. */
export function testConfig(changes: Partial<CollectorConfig> = {}): CollectorConfig {
  return {
    ...collectorDefaults,
    ingest: local,
    operations: local,
    pages: local,
    dataDirectory: mkdtempSync(join(tmpdir(), 'lookout-collector-')),
    ...changes,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

export class RunningCollector {
  readonly config: CollectorConfig;
  readonly #collector: Collector;
  readonly #log: string[];
  readonly #clock: { aheadMs: number };

  private constructor(
    config: CollectorConfig,
    collector: Collector,
    log: string[],
    clock: { aheadMs: number },
  ) {
    this.config = config;
    this.#collector = collector;
    this.#log = log;
    this.#clock = clock;
  }

  static async start(config = testConfig()): Promise<RunningCollector> {
    const log: string[] = [];
    const logger = pino({ base: null }, { write: (line: string) => log.push(line) });
    const clock = { aheadMs: 0 };
    const now = () => Date.now() + clock.aheadMs;
    return new RunningCollector(config, await startCollector(config, { logger, now }), log, clock);
  }

  get log(): string {
    return this.#log.join('');
  }

  get ports(): Collector['ports'] {
    return this.#collector.ports;
  }

  async request(path: string, init?: RequestInit): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.ports.ingest}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Posts events: an object or array as JSON, a string or bytes as they are. */
  send(events: object | string, headers: Record<string, string> = {}): Promise<Answer> {
    const raw = typeof events === 'string' || Buffer.isBuffer(events);
    return this.request('/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: raw ? (events as BodyInit) : JSON.stringify(events),
    });
  }

  async operations(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.ports.operations}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** A sample as a scrape shows it once new series have been held at zero for long enough. */
  async sample(metric: Metric, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    await this.operations('/metrics');
    this.#clock.aheadMs += this.config.scrapeIntervalSeconds * 2_000;
    const { text } = await this.operations('/metrics');
    this.#clock.aheadMs -= this.config.scrapeIntervalSeconds * 2_000;
    return sampleValue(text, metric, labels);
  }

  /** Sets the collector's clock forward, or back with a negative number. */
  stepClock(milliseconds: number): void {
    this.#clock.aheadMs += milliseconds;
  }

  stop(): Promise<void> {
    return this.#collector.stop();
  }

  /** Stops it and removes its data. */
  async end(): Promise<void> {
    await this.stop();
    rmSync(this.config.dataDirectory, { recursive: true, force: true });
  }
}

let count = 0;

/** A tool call that happened now, with an id of its own. */
export const toolCall = (fields: Record<string, unknown> = {}) => ({
  id: `call-${process.pid}-${count++}`,
  time: new Date().toISOString(),
  kind: 'tool_call',
  server: 'files',
  tool: 'read',
  outcome: 'ok',
  client: { name: 'desk' },
  session: { id: 'session-1', type: 'chat' },
  duration_ms: 12,
  ...fields,
});
