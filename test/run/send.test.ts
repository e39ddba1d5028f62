import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { sendReplay } from '../../run/replay/send.ts';
import type { TimedEvent } from '../../run/replay/timed-event.ts';

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Stands at the place of a collector that answers as told, and keeps what it was sent. */
async function ingest(answer: (request: number, lines: string[]) => { status: number; body: object }) {
  const bodies: string[] = [];
  server = createServer(async (request, response) => {
    bodies.push(await text(request));
    const { status, body } = answer(bodies.length, bodies.at(-1)!.split('\n'));
    response.writeHead(status, { 'retry-after': '0' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const events: TimedEvent[] = [0, 100, 900].map((atMs) => ({
  atMs,
  event: { kind: 'session_start', server: 'files', session: { id: `s${atMs}` } },
}));

test('events are sent at their time, with ids of the run and times a little past', async () => {
  const { url, bodies } = await ingest((_, lines) => ({
    status: 202,
    body: { accepted: lines.length, rejected: [] },
  }));
  const before = Date.now();
  const sent = await sendReplay(url, { events }, { run: 'one' });
  expect(sent).toEqual({ accepted: 3, rejected: [] });
  expect(bodies.length).toBeGreaterThan(1);
  const received = bodies.flatMap((body) => body.split('\n')).map((line) => JSON.parse(line));
  expect(received.map(({ id }) => id)).toEqual(['one-0', 'one-1', 'one-2']);
  const times = received.map(({ time }) => Date.parse(time));
  expect(times[2]! - times[0]!).toBe(900);
  expect(times[0]!).toBeGreaterThanOrEqual(before);
  expect(times[2]!).toBeLessThanOrEqual(Date.now());
});

test('a collector that is full is asked again until it takes the same events', async () => {
  const { url, bodies } = await ingest((request, lines) =>
    request < 3
      ? { status: request === 1 ? 503 : 429, body: { error: 'full' } }
      : { status: 202, body: { accepted: lines.length, rejected: [] } },
  );
  await expect(sendReplay(url, { events: events.slice(0, 1) }, { run: 'one' })).resolves.toMatchObject({
    accepted: 1,
  });
  expect(new Set(bodies).size).toBe(1);
  expect(bodies).toHaveLength(3);
});

test('what the collector refuses is handed on in its words', async () => {
  const { url } = await ingest(() => ({
    status: 202,
    body: { accepted: 0, rejected: [{ index: 0, id: 'one-0', error: 'server must be a string' }] },
  }));
  const sent = await sendReplay(url, { events: events.slice(0, 1) }, { run: 'one' });
  expect(sent.rejected).toEqual(['server must be a string']);
});

test('a refusal of the whole request ends the replay with its answer', async () => {
  const { url } = await ingest(() => ({ status: 401, body: { error: 'a token is needed' } }));
  await expect(sendReplay(url, { events }, { run: 'one' })).rejects.toThrow(
    /answered 401: .*a token is needed/,
  );
});

test('an interrupted replay stops sending', async () => {
  const { url } = await ingest(() => ({ status: 202, body: { accepted: 1, rejected: [] } }));
  const controller = new AbortController();
  const sending = sendReplay(url, { events }, { run: 'one', signal: controller.signal });
  controller.abort();
  await expect(sending).rejects.toThrow('aborted');
});
