/** A load that waits for a slow server before it asks again measures how patient it is itself. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Load } from '../../bench/load/load.ts';

const SERVER_MS = 30;
const REQUESTS = 20;
const shape = { format: 'json', eventsPerRequest: 1 } as const;

let server: Server;
let load: Load;

afterEach(async () => {
  server.close();
  await load.end();
});

async function slowTarget() {
  load = new Load();
  server = createServer((request, response) => {
    request
      .resume()
      .on('end', () =>
        setTimeout(() => response.writeHead(202, { 'content-length': 2 }).end('{}'), SERVER_MS),
      );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const usage = async () => ({ cpuUs: 0, rssBytes: 0, peakRssBytes: 0 });
  return { child: { usage }, port: (server.address() as AddressInfo).port, expect: () => '{}' };
}

test('a request that waits for a connection is timed from when it was due', async () => {
  const target = await slowTarget();
  const { latencyMs, seconds } = await load.send(target, shape, REQUESTS, {
    requestsPerSecond: 1_000,
    connections: 1,
  });
  // One after the other: the last was due after 19 ms and is answered after 20 times 30.
  expect(latencyMs.max).toBeGreaterThan(REQUESTS * SERVER_MS - REQUESTS - SERVER_MS);
  expect(latencyMs.p50).toBeGreaterThan((REQUESTS / 2 - 1) * SERVER_MS - REQUESTS);
  expect(seconds * 1_000).toBeGreaterThan((REQUESTS - 1) * SERVER_MS);
});

test('a request that nothing keeps back is timed from when it was sent, and the pace is kept', async () => {
  const target = await slowTarget();
  const { latencyMs, seconds } = await load.send(target, shape, REQUESTS, {
    requestsPerSecond: 100,
    connections: REQUESTS,
  });
  expect(latencyMs.p50).toBeGreaterThan(SERVER_MS - 2);
  expect(seconds).toBeGreaterThan((REQUESTS - 1) / 100);
});
