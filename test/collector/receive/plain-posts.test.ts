/** Requests that do without the framework are answered, refused and counted as those that go through it. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectorRejections } from '../../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

const limits = { ...collectorDefaults.limits, bodyBytes: 20_000, eventsPerRequest: 50 };
const tokensFile = join(tmpdir(), `lookout-plain-${process.pid}`);
let collector: RunningCollector;
beforeAll(async () => {
  writeFileSync(tokensFile, 'fast\nslow events_per_second=1\n');
  collector = await RunningCollector.start(testConfig({ limits, tokensFile }));
});
afterAll(async () => {
  await collector.end();
  rmSync(tokensFile);
});

/** A type that is not written as we write it goes through the framework. */
const ways = ['application/json', 'application/json; charset=utf-8'];
const known = toolCall();

async function answersTo(body: object | string, token = 'fast') {
  const answers = [];
  for (const way of ways) {
    const headers = { 'content-type': way, ...(token && { authorization: `Bearer ${token}` }) };
    const { status, headers: answered, body: said } = await collector.send(body, headers);
    const { date: _date, 'keep-alive': _keepAlive, ...rest } = Object.fromEntries(answered);
    answers.push({ status, headers: rest, said });
  }
  return answers;
}

const refused = (reason: string) => collector.sample(collectorRejections, { reason });

test.each<[string, number, object | string]>([
  ['a repeated event', 202, known],
  ['an event that is none', 400, { id: 'x' }],
  ['a batch with one of them', 202, [known, { id: 'x' }]],
  ['what is no JSON', 400, '{"id":'],
  ['nothing', 400, ' '],
  ['more bytes than may be', 413, ' '.repeat(limits.bodyBytes + 1)],
  ['more events than may be', 413, Array.from({ length: limits.eventsPerRequest + 1 }, () => ({}))],
])('%s is answered alike', async (_what, status, body) => {
  await collector.send(known, { authorization: 'Bearer fast' });
  const [short, long] = await answersTo(body);
  expect(short).toEqual(long);
  expect(short!.status).toBe(status);
});

test('who has no token is refused alike, and counted each time', async () => {
  const before = (await refused('unauthorized')) ?? 0;
  const [short, long] = await answersTo(known, '');
  expect(short).toEqual(long);
  expect(short!.status).toBe(401);
  const [shortOther, longOther] = await answersTo(known, 'other');
  expect(shortOther).toEqual(longOther);
  expect(await refused('unauthorized')).toBe(before + 4);
});

test('what comes the short way is spent from its sender', async () => {
  const headers = { authorization: 'Bearer slow' };
  const sent = await collector.send(
    Array.from({ length: 20 }, () => toolCall()),
    headers,
  );
  expect(sent.status).toBe(202);
  const { status, body } = await collector.send(toolCall(), headers);
  expect(status).toBe(429);
  expect(body.error).toMatch(/may send 1 events a second/);
});

test('a refusal is counted each time', async () => {
  const before = (await refused('malformed')) ?? 0;
  const [short, long] = await answersTo('[');
  expect(short).toEqual(long);
  expect(await refused('malformed')).toBe(before + 2);
});
