import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectorEvents, collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { samplesFor } from '../collector/exposition.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';
import { grown } from './grown.ts';
import { head, statusesOf, type Wire, wire } from './sockets.ts';

const SCRAPE_SECONDS = 0.2;
const config = testConfig({ scrapeIntervalSeconds: SCRAPE_SECONDS });
let collector: CollectorProcess;
let refusals = 0;
beforeAll(async () => {
  collector = await CollectorProcess.start(config);
});
afterAll(async () => {
  await collector.end('SIGKILL');
  rmSync(config.dataDirectory, { recursive: true, force: true });
});

/** Sends bytes, and ends as soon as there are as many answers, or the collector has ended. */
async function exchange(bytes: string, answers = 1): Promise<Wire> {
  const opened = await wire(collector.ports.ingest);
  opened.socket.on('data', () => statusesOf(opened).length >= answers && opened.socket.end());
  opened.socket.write(bytes, 'latin1');
  await opened.closed;
  refusals += statusesOf(opened).filter((status) => status >= 400).length;
  return opened;
}

const event = (id: string) => JSON.stringify(toolCall({ id, tool: 'smuggled' }));
const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
/** What a proxy that reads the head otherwise would take for a request of its own. */
const hidden = (id: string) => `${head(`content-length: ${event(id).length}`)}${event(id)}`;
const idsCounted = async () => {
  const session = (await collector.sessions())[0];
  return session?.calls ?? 0;
};

describe('a request whose length can be read in two ways is refused, and what it hides does not count', () => {
  const inside = hidden('hidden');
  const both = `0\r\n\r\n${inside}`;
  test.each([
    ['a length and chunks', `${head(`content-length: ${both.length}`, 'transfer-encoding: chunked')}${both}`],
    ['chunks and a length', `${head('transfer-encoding: chunked', `content-length: ${both.length}`)}${both}`],
    ['two lengths', `${head('content-length: 2', `content-length: ${2 + inside.length}`)}[]${inside}`],
    ['two lengths in one header', `${head(`content-length: 2, ${2 + inside.length}`)}[]${inside}`],
    ['a signed length', `${head('content-length: +2')}[]${inside}`],
    ['a negative length', `${head('content-length: -1')}[]${inside}`],
    ['a hexadecimal length', `${head('content-length: 0x2')}[]${inside}`],
    ['a length too large for a number', `${head('content-length: 99999999999999999999')}[]${inside}`],
    ['an unknown transfer encoding', `${head('transfer-encoding: xchunked')}${both}`],
    ['chunked that is not last', `${head('transfer-encoding: chunked, identity')}${both}`],
    [
      'a second transfer encoding that is unknown',
      `${head('transfer-encoding: chunked', 'transfer-encoding: cow')}${both}`,
    ],
    [
      'a first transfer encoding that is unknown',
      `${head('transfer-encoding: cow', 'transfer-encoding: chunked')}${both}`,
    ],
    ['chunked twice', `${head('transfer-encoding: chunked', 'transfer-encoding: chunked')}${both}`],
    ['a space before the colon', `${head('transfer-encoding : chunked')}${both}`],
    ['a folded header', `${head('transfer-encoding:\r\n chunked')}${both}`],
    ['a vertical tab', `${head('transfer-encoding:\x0bchunked')}${both}`],
    ['a zero byte in a header', `${head('x: a\x00b', 'content-length: 2')}[]${inside}`],
    ['a bare line feed in a header', `${head('x: a\ncontent-length: 2')}[]${inside}`],
    [
      'a chunk whose size is too large for a number',
      `${head('transfer-encoding: chunked')}fffffffffffffffff\r\n[]${inside}`,
    ],
    ['a chunk whose size is no number', `${head('transfer-encoding: chunked')}2x\r\n[]\r\n${both}`],
    ['a chunk that is longer than it says', `${head('transfer-encoding: chunked')}1\r\n[]\r\n${both}`],
  ])('%s', async (_, bytes) => {
    const before = await idsCounted();
    const answer = await exchange(bytes);
    expect(statusesOf(answer)).toHaveLength(1);
    expect([400, 501]).toContain(statusesOf(answer)[0]);
    expect(answer.text).toMatch(/connection: close/i);
    expect(await idsCounted()).toBe(before);
  });
});

test('what follows on a connection whose requests cannot be told apart does not count, however the two race', async () => {
  const before = await idsCounted();
  const body = event('raced');
  const doubtful = `${head('transfer-encoding: cow, chunked')}0\r\n\r\n`;
  for (let i = 0; i < 50; i++) {
    const inside = `${head(`content-length: ${body.length}`)}${body}`;
    expect(statusesOf(await exchange(`${doubtful}${inside.repeat(20)}`))).toEqual([501]);
  }
  expect(await idsCounted()).toBe(before);
});

test('two requests one after the other on one connection are two, by length and in chunks', async () => {
  const before = await idsCounted();
  const { length } = event('one');
  const answer = await exchange(
    `${head(`content-length: ${length}`)}${event('one')}${head('transfer-encoding: chunked')}${chunked(event('two'))}`,
    2,
  );
  expect(statusesOf(answer)).toEqual([202, 202]);
  expect(await idsCounted()).toBe(before + 2);
});

test('what is broken behind a sound request does not take its answer', async () => {
  const before = await idsCounted();
  const { length } = event('sound');
  const answer = await exchange(`${head(`content-length: ${length}`)}${event('sound')}rubbish\r\n\r\n`, 2);
  expect(statusesOf(answer)).toEqual([202]);
  expect(await idsCounted()).toBe(before + 1);
  // The rubbish is refused without an answer of its own.
  refusals++;
});

describe('a request that asks for another protocol', () => {
  const body = event('upgrade');
  test.each([
    ['an upgrade', `${head('connection: upgrade', 'upgrade: h2c', `content-length: ${body.length}`)}${body}`],
    ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\n\r\n'],
    ['HTTP/0.9', 'GET /v1/events\r\n\r\n'],
    ['HTTP/9.9', 'GET /v1/events HTTP/9.9\r\nhost: x\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
  ])('%s gets a plain answer or none, and the connection ends or goes on as HTTP/1.1', async (_, bytes) => {
    const statuses = statusesOf(await exchange(bytes));
    expect([[], [400], [202], [405], [505]]).toContainEqual(statuses);
  });
});

test('a sender that waits for "100 continue" is told to go on, and one that expects something else is refused', async () => {
  const body = event('expects');
  const expecting = (what: string) => `${head(`expect: ${what}`, `content-length: ${body.length}`)}${body}`;
  expect(statusesOf(await exchange(expecting('100-continue'), 2))).toEqual([100, 202]);
  expect(statusesOf(await exchange(expecting('more')))).toEqual([417]);
});

test('every refusal that was seen is counted, and nothing else is', async () => {
  await grown(collector, collectorRejections, { reason: 'malformed' }, SCRAPE_SECONDS);
  const { text } = await collector.operations('/metrics');
  const counted = samplesFor(text, collectorRejections).reduce((sum, { value }) => sum + value, 0);
  console.log(`${refusals} refusals seen, ${counted} counted`);
  expect(counted).toBe(refusals);
  expect(samplesFor(text, collectorEvents).reduce((sum, { value }) => sum + value, 0)).toBe(
    await idsCounted(),
  );
});
