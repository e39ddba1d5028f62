import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send, sessions, sources, tools } from '../../bench/flood/flood.ts';
import {
  collectorEvents,
  collectorEvictions,
  collectorRejections,
  collectorSeriesOverflow,
  collectorSessionsOpen,
} from '../../collector/catalogue/collector-metrics.ts';
import { OTHER, UNKNOWN } from '../../collector/catalogue/labels.ts';
import { authFailures, toolCalls } from '../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { samplesFor, samplesOf, sampleValue } from '../collector/exposition.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig } from '../collector/running.ts';
import { grown } from './grown.ts';

/** Of each: sessions, tools and sources. `npm run bench -- --only flood` sends a million. */
const NAMES = 5_000;
const SCRAPE_SECONDS = 0.5;
const MOST_BYTES = 512 * 2 ** 20;
const limits = { ...collectorDefaults.limits, sessions: 2_000, windowKeys: 1_000, dedupeIds: 10_000 };
const burstWindows = [{ event: 'auth_failure', windowSeconds: 30, limit: 5 } as const];
const config = testConfig({ limits, burstWindows, scrapeIntervalSeconds: SCRAPE_SECONDS });
let collector: CollectorProcess;
beforeAll(async () => {
  collector = await CollectorProcess.start(config);
});
afterAll(async () => {
  await collector.end('SIGKILL');
  rmSync(config.dataDirectory, { recursive: true, force: true });
});

test('a flood of new names is counted whole, bounded everywhere, and says what it overflowed', async () => {
  const floods = [sessions(NAMES), tools(NAMES), sources(NAMES)];
  await Promise.all(floods.map((flood) => send(collector.ports.ingest, flood)));
  await grown(collector, collectorEvents, { source: 'native', kind: 'tool_call' }, SCRAPE_SECONDS);
  const { text } = await collector.operations('/metrics');
  const sum = (samples: readonly { value: number }[]) =>
    samples.reduce((total, { value }) => total + value, 0);

  // Nothing is lost in the sums, whatever became of the names.
  expect(sum(samplesFor(text, collectorEvents))).toBe(3 * NAMES);
  expect(sum(samplesFor(text, toolCalls))).toBe(2 * NAMES);
  expect(sum(samplesFor(text, authFailures))).toBe(NAMES);
  expect(samplesFor(text, collectorRejections).filter(({ value }) => value > 0)).toEqual([]);

  const evicted = (table: string) => sampleValue(text, collectorEvictions, { table }) ?? 0;
  expect(sampleValue(text, collectorSessionsOpen)).toBeLessThanOrEqual(limits.sessions);
  expect(evicted('sessions')).toBeGreaterThanOrEqual(NAMES - limits.sessions);
  expect(evicted('window_keys')).toBeGreaterThan(0);
  expect(evicted('dedupe_ids')).toBe(3 * NAMES - limits.dedupeIds);
  const overflow = (label: string) => sampleValue(text, collectorSeriesOverflow, { label }) ?? 0;
  for (const label of ['server', 'tool', 'client', 'session_type'] as const)
    expect([label, overflow(label) > 0]).toEqual([label, true]);

  const rss = Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
  console.log(
    `3 × ${NAMES} new names: ${samplesOf(text).length} samples, ${(rss / 2 ** 20).toFixed(0)} MiB resident`,
  );
  expect(rss).toBeLessThan(MOST_BYTES);
}, 300_000);

test('only the label that overflows is _other, the others of its series are kept', async () => {
  const before = await collector.send([]);
  expect(before.status).toBe(202);
  const call = (n: number) => ({
    id: `kept-${n}`,
    time: new Date().toISOString(),
    kind: 'tool_call',
    server: 'files',
    tool: `one-more-tool-${n}`,
    outcome: 'ok',
  });
  await collector.send(Array.from({ length: 10 }, (_, n) => call(n)));
  await grown(collector, collectorEvents, { source: 'native', kind: 'tool_call' }, SCRAPE_SECONDS);
  const { text } = await collector.operations('/metrics');
  const kept = samplesFor(text, toolCalls).filter(
    ({ labels, value }) => labels.server === 'files' && [OTHER, UNKNOWN].includes(labels.tool!) && value > 0,
  );
  expect(kept.length).toBeGreaterThan(0);
});
