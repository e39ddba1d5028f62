import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { collectorBytesInFlight, collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { sampleValue } from '../collector/exposition.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';
import { grown } from './grown.ts';
import { head, statusesOf, type Wire, wire } from './sockets.ts';

const SLOW = 150;
const IDLE = 1_000;
/** They cost work rather than time: every answer that nobody reads had to be made. */
const DEAF = 5;
const SCRAPE_SECONDS = 0.2;
const limits = { ...collectorDefaults.limits, headersSeconds: 1, requestSeconds: 2, idleSeconds: 4 };
const config = testConfig({ limits, scrapeIntervalSeconds: SCRAPE_SECONDS });
let collector: CollectorProcess;
beforeAll(async () => {
  collector = await CollectorProcess.start(config);
});
afterAll(async () => {
  await collector.end('SIGKILL');
  rmSync(config.dataDirectory, { recursive: true, force: true });
});

/** Opens connections that all begin with the same text, at once, since silence is cut off sooner. */
const open = (count: number, from: string, text: string): Promise<Wire[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const opened = await wire(collector.ports.ingest, from);
      if (text !== '') opened.socket.write(text);
      return opened;
    }),
  );
const rssBytes = async () =>
  Number(/^process_resident_memory_bytes (\S+)$/m.exec((await collector.operations('/metrics')).text)?.[1]);

/** Sends a byte of each text every so often until the other side has closed all. */
async function trickle(wires: readonly Wire[], text: string): Promise<void> {
  let open = wires.length;
  for (const { closed } of wires) void closed.then(() => open--);
  for (let at = 0; open > 0; at++) {
    for (const { socket } of wires) if (socket.writable) socket.write(text[at % text.length]!);
    await sleep(200);
  }
}

test('slow, silent, deaf and half-open peers are cut off and counted, and others are served meanwhile', async () => {
  const before = await rssBytes();
  const body = head('content-length: 100000');
  const [headers, bodies, halfOpen, deaf, idle] = await Promise.all([
    open(SLOW, '127.0.0.2', 'POST /v1/events HTTP/1.1\r\nx-slow: '),
    open(SLOW, '127.0.0.3', body),
    open(SLOW, '127.0.0.4', `${body}[`),
    open(DEAF, '127.0.0.5', `${head('content-length: 1')}[`.repeat(2_000)),
    open(IDLE, '127.0.0.6', ''),
  ]);
  // Say that no more will come, after half a body.
  for (const { socket } of halfOpen) socket.end();
  for (const { socket } of deaf) socket.pause();
  const slow = Promise.all([trickle(headers, 'x'), trickle(bodies, ' ')]);

  let served = 0;
  let highest = 0;
  const all = [...headers, ...bodies, ...halfOpen, ...idle];
  const closed = Promise.all(all.map((peer) => peer.closed)).then(() => true);
  for (let done = false; !done; ) {
    expect(await collector.send(toolCall())).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect((await collector.operations('/readyz')).status).toBe(200);
    served++;
    highest = Math.max(highest, await rssBytes());
    done = await Promise.race([closed, sleep(50, false)]);
  }
  await slow;
  console.log(
    `${all.length + deaf.length} slow peers: ${served} requests of others served, ${((highest - before) / 2 ** 20).toFixed(0)} MiB more memory`,
  );
  expect(served).toBeGreaterThan(1);
  expect(highest - before).toBeLessThan(128 * 2 ** 20);

  // Who was cut off while a request was under way was told so, and each is counted once. One that sends just when the
  // connection has been closed, and has not read the answer yet, loses it to the reset that it is sent.
  const sending = [...headers, ...bodies];
  const reading = sending.filter(({ socket }) => socket.errored === null);
  expect(reading.length).toBeGreaterThan(0);
  for (const peer of reading) expect(statusesOf(peer)).toEqual([408]);
  const timedOut = sending.length + halfOpen.flatMap(statusesOf).filter((status) => status === 408).length;
  // Nobody on an idle connection has asked for anything.
  expect(idle.filter(({ text }) => text !== '')).toEqual([]);
  expect(await grown(collector, collectorRejections, { reason: 'timeout' }, SCRAPE_SECONDS)).toBe(timedOut);
  for (const { socket } of deaf) socket.destroy();
  await vi.waitFor(async () => {
    const { text } = await collector.operations('/metrics');
    expect(sampleValue(text, collectorBytesInFlight)).toBe(0);
  }, 10_000);
});
