import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  collectorDuplicates,
  collectorIgnored,
  collectorRejections,
} from '../../../collector/catalogue/collector-metrics.ts';
import { sourceCapability, toolCalls } from '../../../collector/catalogue/metrics.ts';
import { RunningCollector, testConfig } from '../running.ts';
import { LogsRequest, Response as OtlpResponse, RpcStatus, TraceRequest } from './reference.ts';
import { toProtobuf } from './to-protobuf.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

let collector: RunningCollector;
beforeAll(async () => {
  const limits = { ...testConfig().limits, eventsPerRequest: 50, bodyBytes: 200_000, inflatedBytes: 400_000 };
  collector = await RunningCollector.start(testConfig({ limits }));
});
afterAll(() => collector.end());

let spans = 0;
/** A span of a call that has just ended, of the server given. */
function span(server: string, changes: Record<string, unknown> = {}) {
  const end = BigInt(Date.now()) * 1_000_000n;
  return {
    server,
    traceId: (++spans).toString(16).padStart(32, 'a'),
    spanId: spans.toString(16).padStart(16, 'b'),
    name: 'tools/call add',
    kind: 2,
    startTimeUnixNano: String(end - 20_000_000n),
    endTimeUnixNano: String(end),
    attributes: [
      { key: 'mcp.method.name', value: { stringValue: 'tools/call' } },
      { key: 'gen_ai.tool.name', value: { stringValue: 'add' } },
    ],
    ...changes,
  };
}
const request = (list: ReturnType<typeof span>[]) => ({
  resourceSpans: list.map(({ server, ...one }) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: server } }] },
    scopeSpans: [{ scope: { name: 'mcp-python-sdk' }, spans: [one] }],
  })),
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

async function post(
  path: string,
  type: string | undefined,
  body: Buffer | string,
  headers = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${collector.ports.ingest}${path}`, {
    method: 'POST',
    headers: { ...(type && { 'content-type': type }), ...headers },
    body: body as BodyInit,
  });
  const { status, headers: answered } = response;
  return { status, headers: answered, bytes: Buffer.from(await response.arrayBuffer()) };
}

const typeOf = ({ headers }: Answer) => headers.get('content-type');
const json = ({ bytes }: Answer) => JSON.parse(bytes.toString());
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
const message = (type: typeof RpcStatus, { bytes }: Answer): any =>
  type.toObject(type.decode(bytes), { longs: Number });
const counted = (server: string, outcome = 'ok') =>
  collector.sample(toolCalls, { server, tool: 'add', client: '_unknown', outcome });

/** Each encoding with how it writes a request and how its failures are read. */
const encodings = [
  [
    PROTOBUF,
    (body: object) => toProtobuf(TraceRequest, body),
    (answer: Answer) => message(RpcStatus, answer),
  ],
  [JSON_TYPE, (body: object) => Buffer.from(JSON.stringify(body)), json],
] as const;

describe.each(encodings)('in %s', (type, write, readStatus) => {
  const server = `server-${type}`;

  test('a call counts once, however often it is sent and however it is compressed', async () => {
    const body = write(request([span(server), span(server)]));
    const variants = [
      [body, {}],
      [gzipSync(body), { 'content-encoding': 'gzip' }],
      [zstdCompressSync(body), { 'content-encoding': 'zstd' }],
    ] as const;
    for (const [bytes, headers] of variants) {
      const answer = await post('/v1/traces', `${type}; charset=utf-8`, bytes, headers);
      expect(answer.status).toBe(200);
      expect(typeOf(answer)).toContain(type);
      expect(answer.bytes.toString()).toBe(type === JSON_TYPE ? '{}' : '');
    }
    expect(await counted(server)).toBe(2);
  });

  test.each(['/v1/traces', '/v1/logs', '/v1/metrics'])(
    'an empty request to %s is a success',
    async (path) => {
      for (const body of type === JSON_TYPE ? ['{}', ''] : ['']) {
        const answer = await post(path, type, body);
        expect([answer.status, answer.bytes.toString()]).toEqual([200, type === JSON_TYPE ? '{}' : '']);
        expect(typeOf(answer)).toContain(type);
      }
    },
  );

  test('spans that cannot be events are told as a partial success, and cost the others nothing', async () => {
    const nameless = span(`${server}-partial`, { name: 'tools/call', attributes: [span('').attributes[0]!] });
    const old = span(`${server}-partial`, { endTimeUnixNano: '1000000000', startTimeUnixNano: '0' });
    const badId = span(`${server}-partial`, { traceId: 'abcd' });
    const answer = await post(
      '/v1/traces',
      type,
      write(request([nameless, old, span(`${server}-partial`), badId])),
    );
    expect(answer.status).toBe(200);
    const told = type === JSON_TYPE ? json(answer) : message(OtlpResponse, answer);
    const partial = told.partialSuccess;
    expect(Number(partial.rejectedSpans ?? partial.rejected)).toBe(3);
    expect(partial.errorMessage).toMatch(
      /3 spans rejected: a tools\/call needs the name of its tool; .*trace id.*in the past/,
    );
    expect(await counted(`${server}-partial`)).toBe(1);
  });

  test('spans beyond the limit are told as a partial success', async () => {
    const many = Array.from({ length: 53 }, () => span(`${server}-many`));
    const answer = await post('/v1/traces', type, write(request(many)));
    const told = type === JSON_TYPE ? json(answer) : message(OtlpResponse, answer);
    expect(Number(told.partialSuccess.rejectedSpans ?? told.partialSuccess.rejected)).toBe(3);
    expect(told.partialSuccess.errorMessage).toContain('more than 50 spans in one request');
    expect(await counted(`${server}-many`)).toBe(50);
  });

  test('spans about something else are accepted without a word, and counted as ignored', async () => {
    const before = (await collector.sample(collectorIgnored, { reason: 'not_mcp' })) ?? 0;
    const body = request([span(server, { attributes: [] })]);
    body.resourceSpans[0]!.scopeSpans[0]!.scope.name = 'http';
    const answer = await post('/v1/traces', type, write(body));
    expect([answer.status, answer.bytes.toString()]).toEqual([200, type === JSON_TYPE ? '{}' : '']);
    expect(await collector.sample(collectorIgnored, { reason: 'not_mcp' })).toBe(before + 1);
  });

  test('what cannot be decoded is 400 with a status that says so, and nothing of it counts', async () => {
    const good = write(request([span(`${server}-cut`)]));
    const answer = await post('/v1/traces', type, good.subarray(0, good.length - 1));
    expect(answer.status).toBe(400);
    expect(typeOf(answer)).toContain(type);
    expect(readStatus(answer)).toMatchObject({
      code: 3,
      message: expect.stringMatching(
        /^the body is not a valid ExportTraceServiceRequest: (the message is|it is not)/,
      ),
    });
    expect(await counted(`${server}-cut`)).toBeUndefined();
  });

  test('broken compression is 400, another encoding 415, too much 413 before and after inflation', async () => {
    const body = write(request([span(server)]));
    const cases = [
      [Buffer.from('no gzip'), { 'content-encoding': 'gzip' }, 400],
      [body, { 'content-encoding': 'br' }, 415],
      [Buffer.alloc(200_001), {}, 413],
      [gzipSync(Buffer.alloc(400_001)), { 'content-encoding': 'gzip' }, 413],
    ] as const;
    for (const [bytes, headers, status] of cases) {
      const answer = await post('/v1/traces', type, bytes, headers);
      expect([answer.status, typeOf(answer)]).toEqual([status, expect.stringContaining(type)]);
      expect(readStatus(answer)).toMatchObject({ code: 3, message: expect.stringMatching(/\w/) });
    }
  });
});

describe('an OTLP request', () => {
  test.each([
    ['text/plain', 415],
    ['application/x-ndjson', 415],
    [undefined, 415],
    ['application/x-protobuf', 200],
    ['APPLICATION/JSON;charset=utf-8', 200],
  ])('of type %s is answered %i', async (type, status) => {
    const body = type?.toLowerCase().startsWith(JSON_TYPE) ? '{}' : Buffer.from([0x12, 0]);
    const { status: answered, bytes } = await post('/v1/traces', type, body);
    expect(answered).toBe(status);
    if (status !== 200)
      expect(RpcStatus.decode(bytes)).toHaveProperty('message', expect.stringContaining('content-type'));
  });

  test('by GET is 405, and to an unknown path 404', async () => {
    expect((await collector.request('/v1/traces')).status).toBe(405);
    expect((await collector.request('/v1/profiles', { method: 'POST' })).status).toBe(404);
  });

  test('with more objects than memory allows is 413, and nobody builds them', async () => {
    const limits = { ...testConfig().limits, bytesInFlight: 1_000_000 };
    const small = await RunningCollector.start(testConfig({ limits }));
    try {
      const body = `{"resourceSpans":[${'{},'.repeat(100_000)}{}]}`;
      const answer = await small.request('/v1/traces', {
        method: 'POST',
        headers: { 'content-type': JSON_TYPE },
        body,
      });
      expect(answer).toMatchObject({
        status: 413,
        body: { message: expect.stringContaining('too many objects') },
      });
    } finally {
      await small.end();
    }
  });

  test('needs a token where one is configured, and says so in its encoding', async () => {
    const config = testConfig();
    const tokensFile = join(config.dataDirectory, 'tokens');
    writeFileSync(tokensFile, 'right\n');
    const guarded = await RunningCollector.start({ ...config, tokensFile });
    try {
      const send = (authorization?: string) =>
        fetch(`http://127.0.0.1:${guarded.ports.ingest}/v1/logs`, {
          method: 'POST',
          headers: { 'content-type': PROTOBUF, ...(authorization && { authorization }) },
        });
      const refused = await send();
      expect(refused.status).toBe(401);
      expect(RpcStatus.decode(Buffer.from(await refused.arrayBuffer()))).toMatchObject({ code: 16 });
      expect((await send('Bearer wrong')).status).toBe(401);
      expect((await send('Bearer right')).status).toBe(200);
    } finally {
      await guarded.end();
    }
  });

  test('is told to come back, by 429 and Retry-After, while as many bytes as may are in flight', async () => {
    const limits = { ...testConfig().limits, bytesInFlight: 50_000 };
    const busy = await RunningCollector.start(testConfig({ limits }));
    try {
      const bytes = Buffer.alloc(60_000);
      const answer = await fetch(`http://127.0.0.1:${busy.ports.ingest}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': PROTOBUF },
        body: bytes,
      });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
      expect(RpcStatus.decode(Buffer.from(await answer.arrayBuffer()))).toMatchObject({ code: 8 });
    } finally {
      await busy.end();
    }
  });

  test('with metrics is taken, counted and dropped', async () => {
    const before = (await collector.sample(collectorIgnored, { reason: 'metric' })) ?? 0;
    const answer = await post('/v1/metrics', PROTOBUF, Buffer.from([10, 0]));
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
    expect(await collector.sample(collectorIgnored, { reason: 'metric' })).toBe(before + 1);
  });

  test('with log records counts their calls, and a client may be told of a rejected one', async () => {
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const record = (time: bigint) => ({
      timeUnixNano: String(time),
      body: { stringValue: 'claude_code.tool_result' },
      attributes: [
        attribute('event.name', 'tool_result'),
        attribute('tool_name', 'mcp__github__search'),
        attribute('success', 'true'),
        attribute('duration_ms', '12'),
      ],
    });
    const now = BigInt(Date.now()) * 1_000_000n;
    const scopeLogs = [
      {
        scope: { name: 'com.anthropic.claude_code.events' },
        logRecords: [record(now), record(now), record(1n)],
      },
    ];
    const body = toProtobuf(LogsRequest, { resourceLogs: [{ scopeLogs }] });
    for (let i = 0; i < 2; i++) {
      const answer = await post('/v1/logs', PROTOBUF, body);
      expect(message(OtlpResponse, answer).partialSuccess).toMatchObject({ rejected: 1 });
    }
    // A client's view waits for a better one.
    await expect
      .poll(
        () =>
          collector.sample(toolCalls, {
            server: 'github',
            tool: 'search',
            client: 'claude-code',
            outcome: 'ok',
          }),
        {
          timeout: 20_000,
          interval: 500,
        },
      )
      .toBe(2);
  });

  test('with spans of a known session tells repeated and old ones apart, and counts the others', async () => {
    const inSession = (changes: Record<string, unknown> = {}) => {
      const one = span('known', changes);
      const session = { key: 'mcp.session.id', value: { stringValue: 'a known session' } };
      return { ...one, attributes: [...one.attributes, session] };
    };
    const send = (...list: ReturnType<typeof span>[]) =>
      post('/v1/traces', PROTOBUF, toProtobuf(TraceRequest, request(list)));
    const duplicates = async () => (await collector.sample(collectorDuplicates, {})) ?? 0;
    const [first, before] = [inSession(), await duplicates()];
    await send(first);
    const old = inSession({ endTimeUnixNano: '1000000000', startTimeUnixNano: '999999000' });
    const answer = await send(inSession(), old, first, inSession());
    expect(message(OtlpResponse, answer).partialSuccess).toMatchObject({
      rejected: 1,
      errorMessage: expect.stringContaining('in the past'),
    });
    expect(await counted('known')).toBe(3);
    expect(await duplicates()).toBe(before + 1);
  });

  test('shows what its source can and cannot show', async () => {
    await post('/v1/traces', PROTOBUF, toProtobuf(TraceRequest, request([span('capable')])));
    const sees = (capability: string) =>
      collector.sample(sourceCapability, { source: 'python_sdk', sees: capability });
    expect(await sees('tool_errors')).toBe(1);
    expect(await sees('dlp_blocks')).toBe(0);
  });

  test('that is refused is counted under its reason', async () => {
    const before = (await collector.sample(collectorRejections, { reason: 'malformed' })) ?? 0;
    await post('/v1/traces', PROTOBUF, Buffer.from([10, 5]));
    expect(await collector.sample(collectorRejections, { reason: 'malformed' })).toBe(before + 1);
  });
});
