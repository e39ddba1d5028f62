import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { samplesFor } from '../collector/exposition.ts';
import { Generator } from '../collector/otlp/generate.ts';
import { Response } from '../collector/otlp/reference.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';
import { promtoolFaults } from '../promtool.ts';
import { type FuzzedRequest, fuzzed, oddPath, payloads } from './fuzz-payloads.ts';
import { grown } from './grown.ts';
import { statusesOf, wire } from './sockets.ts';

const SEED = 20_261_121;
const REQUESTS = 6_000;
const READS = 1_500;
const CONVERSATIONS = 300;
const AT_ONCE = 20;
const SCRAPE_SECONDS = 0.2;

const limits = { ...collectorDefaults.limits, headersSeconds: 2, requestSeconds: 4 };
const config = testConfig({ scrapeIntervalSeconds: SCRAPE_SECONDS, limits });
let collector: CollectorProcess;
beforeAll(async () => {
  collector = await CollectorProcess.start(config);
});
afterAll(async () => {
  await collector.end('SIGKILL');
  rmSync(config.dataDirectory, { recursive: true, force: true });
});

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** Undefined when the connection ended without an answer. */
function ask(port: number, { method, path, headers, body }: FuzzedRequest): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const length = { 'content-length': String(body.length) };
    const asking = request({ host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } });
    asking.on('error', () => resolve(undefined));
    asking.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, type: headers['content-type'] ?? '', body: Buffer.concat(chunks) });
      });
    });
    asking.end(body);
  });
}

async function inTurns<T>(count: number, act: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let done = 0; done < count; done += AT_ONCE)
    results.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, act))));
  return results;
}

const others = (statuses: readonly (number | undefined)[], sane: readonly number[]) =>
  statuses.filter((status) => status === undefined || !sane.includes(status));

const tally = (values: readonly (number | undefined)[]) =>
  JSON.stringify(Object.fromEntries([...Map.groupBy(values, String)].map(([key, of]) => [key, of.length])));

/** How many refusals an answer tells of: of events in it, or of the whole request. */
function refusalsIn({ status, type, body }: Answered, { path, method }: FuzzedRequest): number {
  if (type.includes('protobuf') && status < 400)
    return Number(
      (Response.decode(body) as { partialSuccess?: { rejected?: unknown } }).partialSuccess?.rejected ?? 0,
    );
  if (method === 'HEAD' || type.includes('protobuf')) return status < 400 ? 0 : 1;
  const said = JSON.parse(body.toString());
  if (path.startsWith('/v1/traces') || path.startsWith('/v1/logs')) {
    const { rejectedSpans = 0, rejectedLogRecords = 0 } = said.partialSuccess ?? {};
    return status < 400 ? Number(rejectedSpans) + Number(rejectedLogRecords) : 1;
  }
  if (said.rejected === undefined) return status < 400 ? 0 : 1;
  return said.rejected_total ?? said.rejected.length;
}

async function countedRefusals(): Promise<number> {
  await grown(collector, collectorRejections, { reason: 'malformed' }, SCRAPE_SECONDS);
  const { text } = await collector.operations('/metrics');
  return samplesFor(text, collectorRejections).reduce((sum, { value }) => sum + value, 0);
}

async function isWell(): Promise<void> {
  expect(collector.log).not.toMatch(/"level":[56]0/);
  expect(collector.stderr).toBe('');
  expect(await collector.send(toolCall())).toMatchObject({ status: 202, body: { accepted: 1 } });
  expect((await collector.operations('/readyz')).status).toBe(200);
}

test(`${REQUESTS} damaged requests to every route of ingest get a sane answer, and all refusals are counted`, async () => {
  const generator = new Generator(SEED);
  const sound = payloads(generator);
  const before = await countedRefusals();
  let seen = 0;
  const statuses = await inTurns(REQUESTS, async () => {
    const sent = fuzzed(generator, generator.pick(sound));
    const answer = await ask(collector.ports.ingest, sent);
    expect(answer, `${sent.method} ${sent.path} was answered`).toBeDefined();
    seen += refusalsIn(answer!, sent);
    return answer!.status;
  });
  const counted = (await countedRefusals()) - before;
  console.log(
    `${REQUESTS} damaged requests with seed ${SEED}: ${tally(statuses)}, ${seen} refusals seen, ${counted} counted`,
  );
  expect(others(statuses, [200, 202, 400, 404, 405, 413, 415, 431])).toEqual([]);
  expect(statuses.filter((status) => status === 202).length).toBeGreaterThan(REQUESTS / 20);
  expect(statuses.filter((status) => status === 400).length).toBeGreaterThan(REQUESTS / 20);
  expect(counted).toBe(seen);
  await isWell();
}, 300_000);

test(`${READS} odd requests to the pages and the operations get a sane answer`, async () => {
  const generator = new Generator(SEED + 1);
  const [session] = await collector.sessions();
  const paths = {
    pages: [
      '/',
      '/findings',
      '/style.css',
      '/api/sessions',
      '/api/findings',
      `/sessions/${session!.id}`,
      `/api/sessions/${session!.id}`,
    ],
    operations: ['/metrics', '/livez', '/readyz'],
  };
  const queries = [
    'limit=-1',
    'limit=1e3',
    'sort=__proto__',
    'type=%00',
    'limit=1&limit=2',
    'sort',
    '&&&=',
    '%',
    'type=a+b%20c',
  ];
  const statuses = await inTurns(READS, async () => {
    const name = generator.pick(['pages', 'operations'] as const);
    const path = generator.pick(paths[name]);
    const sent: FuzzedRequest = {
      method: generator.chance(0.8)
        ? 'GET'
        : generator.pick(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND']),
      path: generator.chance(0.4) ? oddPath(generator, path) : `${path}?${generator.pick(queries)}`,
      headers: generator.chance(0.2)
        ? { host: generator.pick(['evil.example', '127.0.0.1', 'localhost:1', '[::1]']) }
        : {},
      body: generator.chance(0.1) ? generator.bytes(100) : Buffer.alloc(0),
    };
    const answer = await ask(collector.ports[name], sent);
    expect(answer, `${sent.method} ${sent.path} was answered`).toBeDefined();
    return answer!.status;
  });
  console.log(`${READS} odd reads with seed ${SEED + 1}: ${tally(statuses)}`);
  expect(others(statuses, [200, 400, 404, 405, 415, 421])).toEqual([]);
  await isWell();
});

test(`${CONVERSATIONS} connections with random bytes, sound and broken requests among each other go on or end`, async () => {
  const generator = new Generator(SEED + 2);
  const before = await countedRefusals();
  const body = () => JSON.stringify(toolCall());
  const parts = [
    () => generator.bytes(generator.below(200)).toString('latin1'),
    () => `GET / HTTP/1.1\r\nhost: x\r\n\r\n`,
    () => {
      const text = body();
      return `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    },
    () =>
      `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[0,0]\r\n0\r\n\r\n`,
    () => `\r\n\r\n`,
    () => `POST /v1/events HTTP/1.${generator.below(10)}\r\n${'x: y\r\n'.repeat(generator.below(300))}\r\n`,
  ];
  const answers = await inTurns(CONVERSATIONS, async () => {
    const opened = await wire(collector.ports.ingest);
    const text = generator.some(6, () => generator.pick(parts)()).join('');
    const cut = generator.chance(0.3) ? text.slice(0, generator.below(text.length + 1)) : text;
    opened.socket.write(cut, 'latin1');
    // Time for the answers; then the collector sees the end.
    await new Promise((resolve) => setTimeout(resolve, 100));
    opened.socket.end();
    await opened.closed;
    return opened;
  });
  const statuses = answers.flatMap(statusesOf);
  // An array of two numbers is one answer that tells of two refused events.
  const events = answers.reduce((sum, { text }) => sum + (text.match(/"index":1,/g)?.length ?? 0), 0);
  const seen = statuses.filter((status) => status >= 400).length + events;
  const counted = (await countedRefusals()) - before;
  console.log(
    `${CONVERSATIONS} conversations with seed ${SEED + 2}: ${tally(statuses)}, ${seen} refusals seen, ${counted} counted`,
  );
  expect(others(statuses, [202, 400, 404, 405, 408, 415, 431, 505])).toEqual([]);
  // An answer may be cut off by what was broken behind it, and was counted.
  expect(seen).toBeGreaterThan(CONVERSATIONS / 2);
  expect(counted).toBeGreaterThanOrEqual(seen);
  await isWell();
});

test('after all of it the scrape is one that promtool reads', async () => {
  expect(await promtoolFaults((await collector.operations('/metrics')).text)).toBe('');
});
