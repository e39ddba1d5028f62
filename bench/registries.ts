/** A process with nothing but a full registry, ours or prom-client's: what its series weigh, and what a scrape costs. */
import { Counter, Histogram, Registry } from 'prom-client';
import { dlpBlocks, durationBuckets, toolCallDuration } from '../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../collector/config.ts';
import { createInstruments } from '../collector/instruments.ts';
import { answerMessages } from './child.ts';

export type Owner = 'ours' | 'prom-client';
export type Contents = 'histograms' | 'counters';

export interface Build {
  readonly build: { readonly owner: Owner; readonly contents: Contents; readonly series: number };
}
export interface Scrape {
  readonly cpuMs: number;
  readonly ms: number;
  /** The longest that anything else had to wait, in CPU of the thread: the clock would count what else the machine does. */
  readonly pauseMs: number;
  readonly megabytes: number;
}

const TOOLS = 100;
const RULES = 10;

interface Filled {
  /** Label values of the n-th series: names that are in memory once, as those of known tools are. */
  readonly fill: (series: number) => void;
  /** Bytes of one scrape. */
  readonly scrape: () => Promise<number>;
}

const numberedNames = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name}-${n}`);
const servers = numberedNames('documents', 200);
const tools = numberedNames('documents_search_in_folder', TOOLS);
const rules = numberedNames('rule', RULES);

function forEachSeries(
  series: number,
  perTool: number,
  act: (server: string, tool: string, rule: string) => void,
) {
  for (let n = 0; n < series; n++) {
    const tool = Math.floor(n / perTool);
    act(servers[Math.floor(tool / TOOLS)]!, tools[tool % TOOLS]!, rules[n % perTool]!);
  }
}

function ours(contents: Contents): Filled {
  const limits = { ...collectorDefaults.limits, seriesPerMetric: 1_000_000 };
  // Twice is enough for the born-at-zero hold to pass, so that true values are rendered.
  const instruments = createInstruments(
    { ...collectorDefaults, limits, scrapeIntervalSeconds: 0.001 },
    Date.now,
  );
  return {
    fill: (series) => {
      if (contents === 'histograms')
        forEachSeries(series, 1, (server, tool) =>
          instruments.observe(toolCallDuration, { server, tool }, 0.3),
        );
      else
        forEachSeries(series, RULES, (server, tool, rule) =>
          instruments.inc(dlpBlocks, { server, tool, rule }),
        );
    },
    scrape: async () => {
      let bytes = 0;
      for await (const chunk of instruments.scrape()) bytes += chunk.length;
      return bytes;
    },
  };
}

function promClient(contents: Contents): Filled {
  const registry = new Registry();
  const registers = [registry];
  const histogram = new Histogram({
    ...{ name: toolCallDuration.name, help: toolCallDuration.help, registers },
    labelNames: ['server', 'tool'],
    buckets: [...durationBuckets],
  });
  const counter = new Counter({
    ...{ name: dlpBlocks.name, help: dlpBlocks.help, registers },
    labelNames: ['server', 'tool', 'rule'],
  });
  return {
    fill: (series) => {
      if (contents === 'histograms')
        forEachSeries(series, 1, (server, tool) => histogram.observe({ server, tool }, 0.3));
      else forEachSeries(series, RULES, (server, tool, rule) => counter.inc({ server, tool, rule }));
    },
    scrape: async () => Buffer.byteLength(await registry.metrics()),
  };
}

let filled: Filled | undefined;

/** Bytes of heap and of buffers, after a full collection. */
function bytesInUse(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function build({ owner, contents, series }: Build['build']): { bytesPerSeries: number } {
  filled = owner === 'ours' ? ours(contents) : promClient(contents);
  const before = bytesInUse();
  filled.fill(series);
  return { bytesPerSeries: (bytesInUse() - before) / series };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

async function scrape(): Promise<Scrape> {
  let pauseMs = 0;
  let last = threadMs();
  let scraping = true;
  const watch = () => {
    const now = threadMs();
    pauseMs = Math.max(pauseMs, now - last);
    last = now;
    if (scraping) setImmediate(watch);
  };
  setImmediate(watch);
  const before = process.cpuUsage();
  const started = performance.now();
  const bytes = await filled!.scrape();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  scraping = false;
  watch();
  return { cpuMs: (user + system) / 1_000, ms, pauseMs, megabytes: bytes / 1e6 };
}

answerMessages((message: Build | Record<never, never>) =>
  'build' in message ? build(message.build) : scrape(),
);
