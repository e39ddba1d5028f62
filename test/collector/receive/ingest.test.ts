import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import {
  collectorBytesInFlight,
  collectorDuplicates,
  collectorEvents,
  collectorEvictions,
  collectorRejections,
} from '../../../collector/catalogue/collector-metrics.ts';
import { toolCalls } from '../../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

let collector: RunningCollector;
afterEach(() => collector.end());

test('an event that comes again counts once and is answered as a duplicate', async () => {
  collector = await RunningCollector.start();
  const [first, second] = [toolCall(), toolCall()];
  const answer = (accepted: number, duplicates: number) => ({
    status: 202,
    body: { accepted, duplicates, rejected: [] },
  });
  expect(await collector.send([first, first])).toMatchObject(answer(1, 1));
  expect(await collector.send([second, first])).toMatchObject(answer(1, 1));
  expect(await collector.send(first)).toMatchObject(answer(0, 1));
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(2);
  expect(await collector.sample(collectorEvents, { source: 'native', kind: 'tool_call' })).toBe(2);
  expect(await collector.sample(collectorDuplicates)).toBe(3);
});

test('of many requests with the same event at the same time, one accepts it', async () => {
  collector = await RunningCollector.start();
  const events = Array.from({ length: 20 }, () => toolCall());
  const answers = await Promise.all(Array.from({ length: 30 }, () => collector.send(events)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  expect(answers.reduce((sum, { body }) => sum + body.accepted, 0)).toBe(20);
  expect(answers.reduce((sum, { body }) => sum + body.duplicates, 0)).toBe(29 * 20);
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(20);
});

test('ids beyond those that are kept are forgotten, oldest first, and that is counted', async () => {
  const limits = { ...collectorDefaults.limits, dedupeIds: 10 };
  collector = await RunningCollector.start(testConfig({ limits }));
  const events = Array.from({ length: 15 }, () => toolCall());
  await collector.send(events);
  expect(await collector.sample(collectorEvictions, { table: 'dedupe_ids' })).toBe(5);
  expect((await collector.send(events.slice(5))).body).toMatchObject({ accepted: 0, duplicates: 10 });
  expect((await collector.send(events[0]!)).body).toMatchObject({ accepted: 1 });
});

test('a session is known by the same hash in state and journal, over restarts', async () => {
  const config = testConfig();
  collector = await RunningCollector.start(config);
  await collector.send(toolCall({ session: { id: 'secret-session' } }));
  const sessions = async (): Promise<{ id: string; calls: number }[]> =>
    (await (await fetch(`http://127.0.0.1:${collector.ports.pages}/api/sessions`)).json()).sessions;
  const [before] = await sessions();
  expect(before!.id).toMatch(/^[0-9a-f]{32}$/);
  await collector.stop();
  collector = await RunningCollector.start(config);
  await collector.send(toolCall({ session: { id: 'secret-session' } }));
  expect(await sessions()).toMatchObject([{ id: before!.id, calls: 2 }]);
});

test('without a tokens file events are taken on loopback only, and that is said', async () => {
  collector = await RunningCollector.start(testConfig({ ingest: { host: '0.0.0.0', port: 0 } }));
  expect(await collector.send(toolCall())).toMatchObject({ status: 202 });
  expect(collector.log).toContain(
    'no tokensFile is configured, so events are taken on 127.0.0.1 only and not on 0.0.0.0',
  );
  // Every address of 127/8 is this machine's, but only one is listened on.
  const elsewhere = connect(collector.ports.ingest, '127.0.0.2');
  const [error] = await once(elsewhere, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});

test('with a tokens file only who holds a token of it may send, from any address', async () => {
  const config = testConfig({ ingest: { host: '0.0.0.0', port: 0 } });
  const tokensFile = join(config.dataDirectory, 'tokens');
  writeFileSync(tokensFile, 'good-token\n');
  collector = await RunningCollector.start({ ...config, tokensFile });
  const bearer = (token: string) => collector.send(toolCall(), { authorization: `Bearer ${token}` });
  expect(await bearer('good-token')).toMatchObject({ status: 202 });
  const elsewhere = connect(collector.ports.ingest, '127.0.0.2');
  await once(elsewhere, 'connect');
  elsewhere.destroy();
  const refusals = [await collector.send(toolCall()), await bearer('wrong-token'), await bearer('')];
  for (const { status, headers, body } of refusals) {
    expect([status, headers.get('www-authenticate')?.split(' ')[0]]).toEqual([401, 'Bearer']);
    expect(body).toEqual({ error: expect.stringMatching(/^[^\n]{20,200}$/) });
  }
  expect(await collector.sample(collectorRejections, { reason: 'unauthorized' })).toBe(3);
  expect(await collector.sample(collectorEvents, { source: 'native', kind: 'tool_call' })).toBe(1);
  writeFileSync(tokensFile, 'new-token\n');
  await vi.waitFor(async () => expect((await bearer('new-token')).status).toBe(202), { timeout: 5_000 });
  expect(await bearer('good-token')).toMatchObject({ status: 401 });
  expect(collector.log).not.toMatch(/good-token|new-token|wrong-token/);
});

/** A request whose body stops half-way. */
async function halfRequest(port: number, bytes: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bytes * 2}`;
  socket.write(`${head}\r\n\r\n${' '.repeat(bytes)}`);
  return socket;
}

test('bytes in flight beyond the bound are answered 429 with Retry-After, and nothing stays held', async () => {
  const limits = { ...collectorDefaults.limits, bytesInFlight: 100_000 };
  collector = await RunningCollector.start(testConfig({ limits }));
  const slow = await halfRequest(collector.ports.ingest, 80_000);
  await vi.waitFor(async () => expect(await collector.sample(collectorBytesInFlight)).toBe(80_000), 5_000);
  const large = Array.from({ length: 150 }, () => toolCall());
  const refused = await collector.send(large);
  expect(refused).toMatchObject({
    status: 429,
    body: { error: expect.stringMatching(/again after a second/) },
  });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await collector.sample(collectorRejections, { reason: 'overloaded' })).toBe(1);
  expect(await collector.send(toolCall())).toMatchObject({ status: 202 });
  slow.destroy();
  await vi.waitFor(async () => expect(await collector.sample(collectorBytesInFlight)).toBe(0), 5_000);
  expect(await collector.send(large)).toMatchObject({ status: 202, body: { accepted: 150 } });
});

test('small objects in a payload count for the memory they take, not for their text', async () => {
  const limits = { ...collectorDefaults.limits, bytesInFlight: 1_000_000 };
  collector = await RunningCollector.start(testConfig({ limits }));
  const heavy = Array.from({ length: 30_000 }, () => ({}));
  expect(await collector.send(toolCall({ arguments: heavy }))).toMatchObject({ status: 429 });
  expect(await collector.send(toolCall({ arguments: JSON.stringify(heavy) }))).toMatchObject({ status: 202 });
  expect(await collector.sample(collectorBytesInFlight)).toBe(0);
});

test('it says when it is ready and that it lives', async () => {
  collector = await RunningCollector.start();
  expect(await collector.operations('/livez')).toEqual({ status: 200, text: 'alive\n' });
  expect(await collector.operations('/readyz')).toEqual({ status: 200, text: 'ready\n' });
  const stopped = collector.stop();
  expect(await collector.operations('/readyz')).toEqual({ status: 503, text: 'stopping\n' });
  await stopped;
});

test('a connection on which nothing comes does not hold up a stop', async () => {
  collector = await RunningCollector.start();
  const socket = connect(collector.ports.ingest, '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  const started = performance.now();
  await collector.stop();
  await closed;
  // After 10 s every connection would be cut.
  expect(performance.now() - started).toBeLessThan(8_000);
});
