import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectorSenderDrops } from '../../../collector/catalogue/collector-metrics.ts';
import { Exporter } from '../../../observe/src/exporter.ts';
import { resolveSettings } from '../../../observe/src/settings.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

const header = 'mcp-lookout-dropped-events';

let collector: RunningCollector;
beforeEach(async () => {
  collector = await RunningCollector.start();
});
afterEach(() => collector.end());

const counted = () => collector.sample(collectorSenderDrops);

test('events that a sender dropped are shown as 0 from the start, and counted with its next batch', async () => {
  expect(await counted()).toBe(0);
  expect(await collector.send(toolCall(), { [header]: '3' })).toMatchObject({ status: 202 });
  expect(await collector.send([toolCall(), toolCall()], { [header]: '0040' })).toMatchObject({ status: 202 });
  expect(await collector.send(toolCall())).toMatchObject({ status: 202 });
  expect(await counted()).toBe(43);
  expect(collector.log).toMatch(/"dropped":40,"sender":"127\.0\.0\.1"/);
});

test('one bad event costs its batch neighbours neither their place nor their word', async () => {
  const answer = await collector.send([toolCall(), toolCall({ outcome: 'maybe' })], { [header]: '2' });
  expect(answer).toMatchObject({ status: 202, body: { accepted: 1, rejected: [{ index: 1 }] } });
  expect(await counted()).toBe(2);
});

test('the largest number that is believed is 1,000,000,000', async () => {
  await collector.send(toolCall(), { [header]: '1000000000' });
  await collector.send(toolCall(), { [header]: '1000000001' });
  expect(await counted()).toBe(1_000_000_000);
});

test.each(['', '-1', '+1', '1.5', '1e3', '0x10', '1 2', '1, 2', 'Infinity', 'NaN', '٣', '9'.repeat(2_000)])(
  'a header that is no plausible number counts nothing, and its batch is accepted: %s',
  async (said) => {
    const headers = { [header]: Buffer.from(said).toString('latin1') };
    expect(await collector.send(toolCall(), headers)).toMatchObject({ status: 202 });
    expect(await counted()).toBe(0);
  },
);

test('a header that came twice counts nothing', async () => {
  const headers = new Headers({ 'content-type': 'application/json' });
  for (const said of ['1', '2']) headers.append(header, said);
  const init = { method: 'POST', headers, body: JSON.stringify(toolCall()) };
  expect(await collector.request('/v1/events', init)).toMatchObject({ status: 202 });
  expect(await counted()).toBe(0);
});

test('requests that are refused count nothing', async () => {
  const drops = { [header]: '5' };
  expect(await collector.send(toolCall({ outcome: 'maybe' }), drops)).toMatchObject({ status: 400 });
  expect(await collector.send('{', drops)).toMatchObject({ status: 400 });
  expect(await collector.send('x', { ...drops, 'content-type': 'text/plain' })).toMatchObject({
    status: 415,
  });
  const request = { method: 'GET', headers: drops };
  expect(await collector.request('/v1/events', request)).toMatchObject({ status: 405 });
  expect(await counted()).toBe(0);
});

test('a batch that is repeated counts once, also when some of it had been dropped meanwhile', async () => {
  const batch = Array.from({ length: 4 }, () => toolCall());
  await collector.send(batch, { [header]: '5' });
  expect(await collector.send(batch, { [header]: '5' })).toMatchObject({ body: { duplicates: 4 } });
  const rest = [...batch.slice(2), toolCall(), toolCall()];
  expect(await collector.send(rest, { [header]: '7' })).toMatchObject({
    body: { accepted: 2, duplicates: 2 },
  });
  expect(await counted()).toBe(5);
});

test('of many equal requests at the same time, one counts', async () => {
  const batch = Array.from({ length: 20 }, () => toolCall());
  await Promise.all(Array.from({ length: 30 }, () => collector.send(batch, { [header]: '5' })));
  expect(await counted()).toBe(5);
});

test('what an exporter drops while its token is refused is counted once the token is right', async () => {
  const config = testConfig();
  const tokensFile = join(config.dataDirectory, 'tokens');
  const tokenFile = join(config.dataDirectory, 'token');
  writeFileSync(tokensFile, 'right\n');
  writeFileSync(tokenFile, 'wrong\n');
  await collector.end();
  collector = await RunningCollector.start({ ...config, tokensFile });
  const url = `http://127.0.0.1:${collector.ports.ingest}`;
  const exporter = new Exporter(resolveSettings({ url, tokenFile, maxQueuedEvents: 10 }, {}));
  const add = (count: number) => {
    for (let i = 0; i < count; i++) exporter.add(() => toolCall() as never);
  };
  add(25);
  expect(await exporter.flush(5_000)).toBe(false);
  add(5);
  expect(await exporter.flush(5_000)).toBe(false);
  expect(await counted()).toBe(0);

  writeFileSync(tokenFile, 'right\n');
  expect(await exporter.flush(5_000)).toBe(true);
  add(1);
  expect(await exporter.flush(5_000)).toBe(true);
  expect(exporter.stats).toMatchObject({ dropped: 20, accepted: 11 });
  expect(await counted()).toBe(20);
});
