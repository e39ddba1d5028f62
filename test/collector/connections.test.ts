import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { type CollectorLimits, collectorDefaults } from '../../collector/config.ts';
import { RunningCollector, testConfig, toolCall } from './running.ts';

let collector: RunningCollector;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await collector.end();
});

async function startWith(limits: Partial<CollectorLimits>): Promise<void> {
  const config = testConfig({ limits: { ...collectorDefaults.limits, ...limits } });
  const tokensFile = join(config.dataDirectory, 'tokens');
  writeFileSync(tokensFile, 'token\n');
  collector = await RunningCollector.start({ ...config, tokensFile, ingest: { host: '0.0.0.0', port: 0 } });
}

/** Every address of 127/8 is this machine's, so that a test can come from many. */
async function open(from: string, port = collector.ports.ingest): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  await once(socket, 'close');
  return text;
}

const refusedFor = (text: string) =>
  /^HTTP\/1\.1 (\d+) .*\r\nretry-after: 10\r\n.*\r\n\r\n\{"error":"(.+)"\}$/s.exec(text)?.slice(1);
const counted = () => collector.sample(collectorRejections, { reason: 'connections' });
const request =
  'POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]';

test('a source has as many connections as it may, and is told so; others still get theirs', async () => {
  await startWith({ connectionsPerSource: 3 });
  const first = await open('127.0.0.2');
  await open('127.0.0.2');
  await open('127.0.0.2');
  expect(refusedFor(await textOf(await open('127.0.0.2')))).toEqual([
    '429',
    '127.0.0.2 has 3 connections open, which is all it may have: use fewer, and use them again',
  ]);
  const other = await open('127.0.0.3');
  other.write(request);
  expect(String((await once(other, 'data'))[0])).toMatch(/^HTTP\/1\.1 202 /);
  expect(await counted()).toBe(1);
  first.destroy();
  await vi.waitFor(async () => {
    const again = await open('127.0.0.2');
    again.write(request);
    expect(String((await once(again, 'data'))[0])).toMatch(/^HTTP\/1\.1 202 /);
  }, 5_000);
  expect(collector.log).toContain('"reason":"connections","sender":"127.0.0.2"');
});

test('a refused connection takes nothing: what it sent at once does not count', async () => {
  await startWith({ connectionsPerSource: 2 });
  await open('127.0.0.2');
  await open('127.0.0.2');
  const body = JSON.stringify(toolCall());
  const post = request.replace(/2\r\n\r\n\[\]$/, `${body.length}\r\n\r\n${body}`);
  for (let i = 0; i < 20; i++) {
    const socket = connect({ port: collector.ports.ingest, host: '127.0.0.1', localAddress: '127.0.0.2' });
    sockets.push(socket);
    socket.on('error', () => {}).write(post);
    await textOf(socket);
  }
  expect(await counted()).toBe(20);
  const { text } = await collector.operations('/metrics');
  expect(text).not.toContain('mcp_collector_events_total{');
});

test('all connections together have a bound too, of each port its own', async () => {
  await startWith({ connections: 5, connectionsPerSource: 3 });
  for (const address of ['127.0.0.2', '127.0.0.2', '127.0.0.2', '127.0.0.3', '127.0.0.3'])
    await open(address);
  expect(refusedFor(await textOf(await open('127.0.0.4')))).toEqual([
    '503',
    '5 connections are open, which is all there may be: close some that are idle',
  ]);
  expect((await collector.operations('/readyz')).status).toBe(200);
  for (let i = 0; i < 3; i++) await open('127.0.0.5', collector.ports.operations);
  expect(refusedFor(await textOf(await open('127.0.0.5', collector.ports.operations)))?.[0]).toBe('429');
});

test('by default all addresses of both families are listened on', async () => {
  const { ingest, operations } = collectorDefaults;
  expect([ingest.host, operations.host]).toEqual(['::', '::']);
  const config = testConfig({ operations: { host: '::', port: 0 } });
  collector = await RunningCollector.start(config);
  const { port } = { port: collector.ports.operations };
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  // A machine without IPv6 has only the other half to test.
  if (addresses.some(({ address }) => address === '::1'))
    expect((await fetch(`http://[::1]:${port}/livez`)).status).toBe(200);
});

test('a token that sends more than it may is refused with the time to wait, and others are not', async () => {
  const config = testConfig();
  const tokensFile = join(config.dataDirectory, 'tokens');
  writeFileSync(tokensFile, 'slow-token name=slow events_per_second=2\nother-token\n');
  collector = await RunningCollector.start({ ...config, tokensFile });
  const send = (token: string, events: object[]) =>
    collector.send(events, { authorization: `Bearer ${token}` });
  const calls = (count: number) => Array.from({ length: count }, () => toolCall());
  // The bucket holds 20 and may be overdrawn by one request.
  expect(await send('slow-token', calls(19))).toMatchObject({ status: 202 });
  expect(await send('slow-token', calls(30))).toMatchObject({ status: 202, body: { accepted: 30 } });
  const refused = await send('slow-token', calls(1));
  expect(refused.status).toBe(429);
  const wait = Number(refused.headers.get('retry-after'));
  expect(wait).toBeGreaterThanOrEqual(10);
  expect(wait).toBeLessThanOrEqual(16);
  expect(refused.body).toEqual({
    error: `the holder of this token (slow) may send 2 events a second: send the same request again after ${wait} s`,
  });
  expect(await send('other-token', calls(30))).toMatchObject({ status: 202 });
  const traces = await collector.request('/v1/traces', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer slow-token' },
    body: '{}',
  });
  expect([traces.status, traces.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
  expect(await collector.sample(collectorRejections, { reason: 'rate_limited' })).toBe(2);
  expect(collector.log).not.toMatch(/slow-token|other-token/);
});

test('a large body costs its sender as many events as it has 4 KiB, and what is not valid costs too', async () => {
  const config = testConfig();
  const tokensFile = join(config.dataDirectory, 'tokens');
  writeFileSync(tokensFile, 'one events_per_second=2\ntwo events_per_second=2\n');
  collector = await RunningCollector.start({ ...config, tokensFile });
  const large = toolCall({ arguments: 'x'.repeat(30 * 4_096) });
  const send = (token: string, events: object) =>
    collector.send(events, { authorization: `Bearer ${token}` });
  expect(await send('one', large)).toMatchObject({ status: 202 });
  expect(await send('one', toolCall())).toMatchObject({ status: 429 });
  expect(await send('two', Array(30).fill(0))).toMatchObject({ status: 400 });
  expect(await send('two', toolCall())).toMatchObject({ status: 429 });
});
