/** What a scrape over HTTP is like for the scraper, for others who wait meanwhile, and for the one who hangs up. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { exposedMetrics, pagingMetrics } from '../../collector/catalogue/catalogue.ts';
import { collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { authFailuresWindowPeak, toolCallDuration, toolCalls } from '../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { listen } from '../../collector/listen.ts';
import { createOperationsServer } from '../../collector/operations.ts';
import { samplesFor, samplesOf, sampleValue } from './exposition.ts';

const limits = { ...collectorDefaults.limits, seriesPerMetric: 20_000 };
const config = { ...collectorDefaults, limits };
const loopback = { host: '127.0.0.1', port: 0 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Instruments with so many histograms, whose values have been released. */
async function filled(histograms: number) {
  const clock = { nowMs: 0 };
  const instruments = createInstruments(config, () => clock.nowMs);
  const handles = Array.from({ length: histograms }, (_, i) =>
    instruments.histogram(toolCallDuration, {
      server: `documents-${Math.floor(i / 100)}`,
      tool: `search-${i % 100}`,
    }),
  );
  await instruments.exposition();
  clock.nowMs = 1.5 * config.scrapeIntervalSeconds * 1_000;
  return { instruments, handles, clock };
}

async function serve(instruments: ReturnType<typeof createInstruments>) {
  const app = createOperationsServer(instruments, limits, () => undefined);
  const server = await listen(app, 'operations', loopback, { limits, onRefused: () => {} });
  closers.push(server.close);
  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
  /** Asks for a path and reads nothing. */
  const ask = async (path: string): Promise<Socket> => {
    const socket = connect(server.port, '127.0.0.1').pause();
    closers.push(() => socket.destroy());
    await once(socket, 'connect');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: here\r\n\r\n`);
    return socket;
  };
  return { get, ask };
}

describe('a scrape', () => {
  test('of many series comes in chunks of at most 64 KiB, with turns for everybody else in between', async () => {
    const { instruments } = await filled(1_000);
    let turns = 0;
    let scraping = true;
    const others = (async () => {
      while (scraping) {
        await nextTurn();
        turns++;
      }
    })();
    const sizes: number[] = [];
    for await (const chunk of instruments.scrape()) sizes.push(chunk.length);
    scraping = false;
    await others;
    expect(sizes.length).toBeGreaterThan(20);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1_024);
    // Of which each spares others a few when the machine keeps it for long.
    expect(turns).toBeGreaterThan(sizes.length / 4);
  });

  test('shows each histogram with buckets that agree with its count, however fast it is counted meanwhile', async () => {
    const { instruments, handles } = await filled(1_000);
    let observed = 0;
    let text = '';
    for await (const chunk of instruments.scrape()) {
      text += chunk;
      for (const handle of handles) handle.observe(++observed % 7);
    }
    const buckets = samplesFor(text, toolCallDuration, '_bucket');
    const all = buckets.filter(({ labels }) => labels.le === '+Inf').map(({ value }) => value);
    const counts = samplesFor(text, toolCallDuration, '_count').map(({ value }) => value);
    expect(counts).toEqual(all);
    expect(Math.max(...counts)).toBeGreaterThan(Math.min(...counts));
  });

  test('over HTTP is the whole text, with Node and the process at its end', async () => {
    const { instruments, handles } = await filled(3_000);
    handles[2_999]!.observe(0.3);
    const { get } = await serve(instruments);
    const response = await get('/metrics');
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(samplesFor(text, toolCallDuration, '_count')).toHaveLength(3_000);
    expect(sampleValue(text, toolCallDuration, { server: 'documents-29', tool: 'search-99' }, '_count')).toBe(
      1,
    );
    for (const metric of Object.values(exposedMetrics)) expect(text).toContain(`# TYPE ${metric.name} `);
    const names = samplesOf(text).map(({ name }) => name);
    expect(names).toContain('process_resident_memory_bytes');
    expect(names).toContain('nodejs_eventloop_lag_seconds');
  });

  test('that is cut off has shown nothing: new series stay at zero until another has', async () => {
    const { instruments, clock } = await filled(3_000);
    const call = { server: 'files', tool: 'read', client: 'desk', outcome: 'ok' } as const;
    instruments.inc(toolCalls, call, 7);
    const { get, ask } = await serve(instruments);
    const socket = await ask('/metrics');
    await once(socket, 'readable');
    socket.destroy();
    await sleep(100);
    clock.nowMs += 60_000;
    expect(sampleValue(await (await get('/metrics')).text(), toolCalls, call)).toBe(0);
    clock.nowMs += 60_000;
    expect(sampleValue(await (await get('/metrics')).text(), toolCalls, call)).toBe(7);
  });

  test('beyond eight at once is refused with a time to try again, and counted; when they hang up it is not', async () => {
    const { instruments } = await filled(15_000);
    const { get, ask } = await serve(instruments);
    const readers = await Promise.all(Array.from({ length: 8 }, () => ask('/metrics')));
    await expect.poll(async () => (await get('/metrics')).status).toBe(503);
    const refused = await get('/metrics');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.text()).toContain('8 scrapes are being answered');
    expect((await get('/metrics/alerts')).status).toBe(200);
    for (const reader of readers) reader.destroy();
    await expect.poll(async () => (await get('/metrics')).status).toBe(200);
    const after = samplesFor(await instruments.exposition(), collectorRejections);
    expect(after.find(({ labels }) => labels.reason === 'overloaded')?.value).toBeGreaterThan(0);
  });
});

test('/metrics/alerts shows what pages at once, whatever else there is, and is a scrape of nothing else', async () => {
  const { instruments, clock } = await filled(3_000);
  let peak = 0;
  instruments.beforeScrape(() =>
    instruments.set(authFailuresWindowPeak, { window: '30s', source: '192.0.2.1' }, ++peak),
  );
  instruments.inc(toolCalls, { server: 'files', tool: 'read', client: 'desk', outcome: 'ok' });
  const { get } = await serve(instruments);
  await get('/metrics/alerts');
  clock.nowMs += 60_000;
  const text = await (await get('/metrics/alerts')).text();
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(types).toEqual(Object.values(pagingMetrics).map(({ name }) => name));
  expect(samplesFor(text, authFailuresWindowPeak)).toEqual([
    { name: authFailuresWindowPeak.name, labels: { window: '30s', source: '192.0.2.1' }, value: 2 },
  ]);
  expect(sampleValue(await instruments.exposition(), toolCalls, { outcome: 'ok' })).toBe(0);
});
