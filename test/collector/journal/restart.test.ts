import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  collectorCorruptRecords,
  collectorSnapshotErrors,
} from '../../../collector/catalogue/collector-metrics.ts';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { dlpBlocksWindowPeak, toolCalls } from '../../../collector/catalogue/metrics.ts';
import type { CollectorConfig } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { Journal } from '../../../collector/journal/journal.ts';
import { encodeRecord } from '../../../collector/journal/record.ts';
import { segmentName } from '../../../collector/journal/segment-names.ts';
import { writeSnapshot } from '../../../collector/journal/snapshot.ts';
import { verifyJournal } from '../../../collector/journal/verify.ts';
import { sampleValue } from '../exposition.ts';
import { CollectorProcess } from '../process-of-its-own.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

let config: CollectorConfig;
beforeEach(() => {
  config = testConfig({ snapshotIntervalSeconds: 0.2, journalSegmentBytes: 256 * 1024 });
});
afterEach(() => rmSync(config.dataDirectory, { recursive: true, force: true }));

const SENDERS = 8;
const sender = (event: string) => Number(event.split('-')[0]);

/** Senders that remember every event that was answered 202, in order, until the collector is gone. */
class Load {
  readonly acknowledged: string[] = [];
  #next = 0;
  #stopped = false;
  #senders: Promise<void>[] = [];

  start(collector: CollectorProcess, round: number): void {
    this.#stopped = false;
    this.#senders = Array.from({ length: SENDERS }, (_, i) => this.#send(collector, `${i}-${round}`, i));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }

  async #send(collector: CollectorProcess, name: string, index: number): Promise<void> {
    while (!this.#stopped) {
      const ids = Array.from({ length: 1 + (index % 3) * 10 }, () => `${name}-${this.#next++}`);
      try {
        const { status } = await collector.send(ids.map((id) => call(id)));
        if (status === 202) this.acknowledged.push(...ids);
      } catch {
        return;
      }
    }
  }
}

/** The call of an id; each sender has a session. */
const call = (id: string) => toolCall({ id, session: { id: `session-${sender(id)}`, type: 'chat' } });

/** The journal of a stopped collector. */
const openJournal = () =>
  Journal.open({
    directory: join(config.dataDirectory, 'journal'),
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments: createInstruments(config, Date.now),
    logger: pino({ level: 'silent' }),
  });

/** Ids in the journal of a stopped collector, in order. */
async function journaled(): Promise<string[]> {
  const journal = await openJournal();
  const ids: string[] = [];
  for await (const { events } of journal.read()) ids.push(...events.map(({ id }) => id));
  await journal.close();
  return ids;
}

test('after kill -9 under load every acknowledged event is found again, in order, and counts once', async () => {
  const load = new Load();
  for (let round = 0; round < 3; round++) {
    const collector = await CollectorProcess.start(config);
    load.start(collector, round);
    await new Promise((resolve) => setTimeout(resolve, 700 + round * 150));
    expect(await collector.end('SIGKILL')).toBeNull();
    await load.stop();
  }
  expect(load.acknowledged.length).toBeGreaterThan(100);

  expect((await verifyJournal(join(config.dataDirectory, 'journal'))).faults).toEqual([]);
  const ids = await journaled();
  const firstPlace = new Map(ids.map((id, place) => [id, place] as const).reverse());
  expect(load.acknowledged.filter((id) => !firstPlace.has(id))).toEqual([]);
  for (let i = 0; i < SENDERS; i++) {
    const places = load.acknowledged.filter((id) => sender(id) === i).map((id) => firstPlace.get(id)!);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  }

  const collector = await CollectorProcess.start(config);
  const calls = (await collector.sessions()).map((session) => session.calls);
  expect(calls.reduce((sum, count) => sum + count, 0)).toBe(new Set(ids).size);
  for (let at = 0; at < load.acknowledged.length; at += 1_000) {
    const again = load.acknowledged.slice(at, at + 1_000);
    expect((await collector.send(again.map(call))).body).toMatchObject({
      accepted: 0,
      duplicates: again.length,
    });
  }
  await collector.end('SIGKILL');
});

test('over a graceful stop under load every acknowledged event counts exactly once', async () => {
  const load = new Load();
  for (let round = 0; round < 2; round++) {
    const collector = await CollectorProcess.start(config);
    load.start(collector, round);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await collector.end('SIGTERM')).toBe(0);
    await load.stop();
  }
  const collector = await CollectorProcess.start(config);
  expect(collector.log).toContain('"events":0,');
  const calls = (await collector.sessions()).map((session) => session.calls);
  expect(calls.reduce((sum, count) => sum + count, 0)).toBe(load.acknowledged.length);
  expect(new Set(await idsOf(collector))).toEqual(new Set(load.acknowledged));
});

async function idsOf(collector: CollectorProcess): Promise<string[]> {
  expect(await collector.end('SIGTERM')).toBe(0);
  return journaled();
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'calls that nobody scraped before %s are in the counters of the next start, once',
  async (signal) => {
    const collector = await CollectorProcess.start(config);
    for (let i = 0; i < 4; i++) await collector.send([toolCall(), toolCall()]);
    // Long enough for a snapshot, so that a kill leaves nothing to replay.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await collector.end(signal);

    const next = await RunningCollector.start(config);
    expect(await next.sample(toolCalls, { outcome: 'ok' })).toBe(8);
    await next.stop();
  },
);

test('what was scraped long before a kill does not come back as if it were new', async () => {
  const burstWindows = [{ event: 'dlp_block' as const, windowSeconds: 60, limit: 10 }];
  const changed = { ...config, scrapeIntervalSeconds: 0.2, burstWindows };
  const collector = await CollectorProcess.start(changed);
  const blocks = Array.from({ length: 11 }, () => {
    const { outcome: _, duration_ms: __, ...block } = toolCall({ kind: 'dlp_block', rule: 'card' });
    return block;
  });
  await collector.send([...blocks, toolCall()]);
  let text = '';
  // Bursts are held for two scrape intervals and 5 s.
  for (const end = Date.now() + 6_500; Date.now() < end; ) {
    text = (await collector.operations('/metrics')).text;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(sampleValue(text, toolCalls, { outcome: 'ok' })).toBe(1);
  await collector.end('SIGKILL');

  const next = await RunningCollector.start(changed);
  expect(await next.sample(dlpBlocksWindowPeak)).toBe(0);
  expect(await next.sample(toolCalls, { outcome: 'ok' })).toBeUndefined();
  await next.stop();
}, 20_000);

test('a snapshot that is damaged is said to be, and the whole journal is replayed instead', async () => {
  let collector = await RunningCollector.start(config);
  const events = Array.from({ length: 50 }, () => toolCall());
  await collector.send(events);
  await collector.stop();
  appendFileSync(join(config.dataDirectory, 'snapshot'), 'x');
  collector = await RunningCollector.start(config);
  expect(collector.log).toContain('the snapshot cannot be used, so the whole journal is replayed');
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(50);
  expect((await collector.send(events)).body).toMatchObject({ accepted: 0, duplicates: 50 });
  await collector.stop();
});

test('a snapshot of an older place and a repeated event in the journal still count once', async () => {
  let collector = await RunningCollector.start({ ...config, snapshotIntervalSeconds: 3_600 });
  const event = toolCall();
  // Both are written, since neither is known while the other is.
  await Promise.all([collector.send(event), collector.send(event)]);
  await collector.stop();
  rmSync(join(config.dataDirectory, 'snapshot'));
  expect((await journaled()).length).toBeGreaterThanOrEqual(1);
  collector = await RunningCollector.start(config);
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(1);
  await collector.stop();
});

test('an event of a newer version, in the journal or in the snapshot, does not keep an older one from starting', async () => {
  const now = Date.now();
  const event = { ...toolCall(), kind: 'of_tomorrow' } as unknown as McpEvent;
  const accepted = { event, timeMs: now, receivedMs: now - 20_000, sourceKind: 'native' };
  const views = { held: [{ accepted }], traces: [], servers: { tools: [], views: '' }, reported: [] };
  const position = { segment: 1, offset: 0 };
  const parts = [['views', JSON.stringify(views)]] as const;
  await writeSnapshot(config.dataDirectory, { position, parts, seenIds: Buffer.alloc(0) });
  const journal = await openJournal();
  const events = [{ ...event, id: 'another' }, toolCall() as McpEvent];
  await journal.append(encodeRecord({ receivedMs: now, sourceKind: 'native', events }), () => {});
  await journal.close();

  const collector = await RunningCollector.start(config);
  expect(collector.log.match(/an event could not be processed/g)).toHaveLength(2);
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(1);
  await collector.stop();
});

test('a corrupt record is skipped and counted at the next start, and a torn one is only skipped', async () => {
  let collector = await RunningCollector.start(config);
  for (const id of ['first', 'second', 'third']) await collector.send(toolCall({ id }));
  await collector.stop();
  rmSync(join(config.dataDirectory, 'snapshot'));
  const file = join(config.dataDirectory, 'journal', segmentName(1));
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('second')]! ^= 1;
  writeFileSync(file, Buffer.concat([bytes, bytes.subarray(0, 100)]));
  collector = await RunningCollector.start(config);
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(2);
  expect(await collector.sample(collectorCorruptRecords)).toBe(1);
  await collector.stop();
});

test('a snapshot that cannot be written is counted, and events are taken all the same', async () => {
  mkdirSync(join(config.dataDirectory, 'snapshot.draft'));
  const collector = await RunningCollector.start(config);
  expect(await collector.send(toolCall())).toMatchObject({ status: 202 });
  await vi.waitFor(
    async () => expect(await collector.sample(collectorSnapshotErrors)).toBeGreaterThan(0),
    5_000,
  );
  expect(collector.log).toContain('no snapshot could be written: free or repair the disk');
  await collector.stop();
});

test('the state is saved, whatever the time, when as much as a segment was written', async () => {
  const collector = await RunningCollector.start({
    ...config,
    snapshotIntervalSeconds: 10_000,
    journalSegmentBytes: 20_000,
  });
  const isSaved = () => existsSync(join(config.dataDirectory, 'snapshot'));
  await collector.send(toolCall());
  expect(isSaved()).toBe(false);
  for (let i = 0; i < 30; i++) await collector.send(Array.from({ length: 20 }, () => toolCall()));
  await vi.waitFor(() => expect(isSaved()).toBe(true), 10_000);
  await collector.stop();
});

test('old segments go once a snapshot covers them', async () => {
  const collector = await RunningCollector.start({
    ...config,
    journalSegmentBytes: 1_000,
    journalRetentionBytes: 5_000,
  });
  for (let i = 0; i < 60; i++) await collector.send(toolCall());
  const journal = join(config.dataDirectory, 'journal');
  const bytes = () =>
    readdirSync(journal).reduce((sum, name) => sum + readFileSync(join(journal, name)).length, 0);
  await vi.waitFor(() => expect(bytes()).toBeLessThan(6_000), 20_000);
  await collector.stop();
});

test('a disk that takes only part of a write refuses with 503, then goes on by itself without a restart', async () => {
  // No file may grow beyond 100 KiB, as if the disk were full there.
  const collector = await CollectorProcess.start(config, "trap '' XFSZ; ulimit -f 200;");
  const user = () => randomBytes(50).toString('hex');
  const events = (count: number) => Array.from({ length: count }, () => toolCall({ user: user() }));
  const kept = [events(100), events(100)];
  expect(await collector.send(kept[0]!)).toMatchObject({ status: 202 });
  const lost = events(2_000);
  expect(await collector.send(lost)).toMatchObject({ status: 503, body: { error: expect.any(String) } });
  expect((await collector.operations('/readyz')).status).toBe(503);
  expect((await collector.operations('/livez')).status).toBe(200);
  await vi.waitFor(async () => expect((await collector.operations('/readyz')).status).toBe(200), 5_000);
  expect(await collector.send(kept[1]!)).toMatchObject({ status: 202 });
  const metrics = (await collector.operations('/metrics')).text;
  expect(metrics).toContain('mcp_collector_journal_errors_total');
  expect(collector.log).toMatch(/the journal cannot be written[^"]*free or repair the disk/);
  await vi.waitFor(() => expect(existsSync(join(config.dataDirectory, 'snapshot'))).toBe(true), 10_000);
  await collector.end('SIGKILL');
  expect(await journaled()).toEqual(kept.flat().map(({ id }) => id));
});
