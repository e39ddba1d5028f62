import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { collectorRejections } from '../../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { Journal } from '../../../collector/journal/journal.ts';
import { Pipeline } from '../../../collector/process/pipeline.ts';
import { SeenIds } from '../../../collector/receive/dedupe.ts';
import { Intake } from '../../../collector/receive/intake.ts';
import { SessionHash } from '../../../collector/receive/privacy.ts';
import { IngestServer } from '../../../collector/receive/server.ts';
import { sampleValue } from '../exposition.ts';

// Shorter times than those of the pod, and than a test wants to wait for.
const config = {
  ...collectorDefaults,
  limits: { ...collectorDefaults.limits, headersSeconds: 0.5, requestSeconds: 1, idleSeconds: 2 },
};
const logger = pino({ level: 'silent' });
let clockMs = Date.now();
const instruments = createInstruments(config, () => clockMs);
let directory: string;
let journal: Journal;
let server: IngestServer;
let port: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-timeouts-'));
  journal = await Journal.open({
    directory,
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments,
    logger,
  });
  const intake = new Intake({
    config,
    instruments,
    journal,
    pipeline: new Pipeline(config, instruments, Date.now, () => {}),
    seen: new SeenIds(1_000, Buffer.alloc(8)),
    sessionHash: new SessionHash(Buffer.alloc(32)),
    logger,
    now: Date.now,
  });
  server = new IngestServer({ config, instruments, intake, journal, tokens: undefined, logger });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(async () => {
  await server.app.close();
  await journal.close();
  rmSync(directory, { recursive: true });
});

async function answerTo(sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.write(sent);
  await once(socket, 'close');
  return text;
}

const head = 'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
const tooSlow =
  /^HTTP\/1\.1 408 Request Timeout\r\n.*\r\n\r\n\{"error":"the request took too long to arrive[^"]+"\}$/s;

test('a body that never ends is cut off, answered 408 and counted', async () => {
  expect(await answerTo(`${head}content-length: 100\r\n\r\n[`)).toMatch(tooSlow);
  await instruments.exposition();
  clockMs += 60_000;
  expect(sampleValue(await instruments.exposition(), collectorRejections, { reason: 'timeout' })).toBe(1);
});

test('headers that never end are cut off', async () => {
  expect(await answerTo(head)).toMatch(tooSlow);
});

test('headers that are too large are refused', async () => {
  expect(await answerTo(`${head}x-large: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 .*"error"/s,
  );
});

test('a connection that is idle after its answer is closed', async () => {
  const text = await answerTo(`${head}content-length: 2\r\n\r\n[]`);
  expect(text).toMatch(/^HTTP\/1\.1 202 .*\{"accepted":0,"duplicates":0,"rejected":\[\]\}$/s);
});

/** How many connections the server has open. */
const openConnections = () =>
  new Promise<number>((resolve, reject) => {
    server.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

test('a connection on which nothing ever comes is closed', async () => {
  const silent = connect(port, '127.0.0.1').resume();
  await once(silent, 'connect');
  expect(await openConnections()).toBe(1);
  await once(silent, 'close');
  await vi.waitFor(async () => expect(await openConnections()).toBe(0), 5_000);
});

test('a connection whose sender never reads its answers is closed, however much it sends', async () => {
  const deaf = connect(port, '127.0.0.1');
  deaf.pause().on('error', () => {});
  const requests = `${head}content-length: 1\r\n\r\n[`.repeat(1_000);
  const sending = setInterval(() => deaf.writableLength < 1_000_000 && deaf.write(requests), 5);
  await vi.waitFor(async () => expect(await openConnections()).toBe(1), 5_000);
  await vi.waitFor(async () => expect(await openConnections()).toBe(0), { timeout: 30_000, interval: 200 });
  clearInterval(sending);
  deaf.destroy();
});
