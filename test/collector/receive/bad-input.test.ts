import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectorRejections } from '../../../collector/catalogue/collector-metrics.ts';
import { toolCalls } from '../../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';

const limits = {
  ...collectorDefaults.limits,
  bodyBytes: 100_000,
  inflatedBytes: 1_000_000,
  eventsPerRequest: 5_000,
  jsonDepth: 8,
};
let collector: RunningCollector;
beforeAll(async () => {
  collector = await RunningCollector.start(testConfig({ limits }));
});
afterAll(() => collector.end());

const rejections = async (reason: string) => (await collector.sample(collectorRejections, { reason })) ?? 0;
/** Every refusal is one plain sentence. */
const sentence = { error: expect.stringMatching(/^[^\n]{20,200}$/) };

test('one malformed event in a batch of 100 costs nothing to the other 99, and the answer names it', async () => {
  const batch = Array.from({ length: 100 }, () => toolCall({ tool: 'batch-of-100' }));
  batch[41]!.duration_ms = -1;
  const before = await rejections('invalid');
  const { status, body } = await collector.send(batch);
  expect(status).toBe(202);
  expect(body).toEqual({
    accepted: 99,
    duplicates: 0,
    rejected: [{ index: 41, id: batch[41]!.id, error: 'duration_ms must be >= 0' }],
  });
  expect(await collector.sample(toolCalls, { tool: 'batch-of-100', outcome: 'ok' })).toBe(99);
  expect(await rejections('invalid')).toBe(before + 1);
});

test('a batch of which no event is accepted is 400, with what to mend in each', async () => {
  const { status, body } = await collector.send([toolCall({ tol: 1 }), 'text', toolCall({ id: 7 })]);
  expect(status).toBe(400);
  expect(body).toEqual({
    ...sentence,
    accepted: 0,
    duplicates: 0,
    rejected: [
      { index: 0, id: expect.stringMatching(/^call-/), error: 'unknown field "tol"' },
      { index: 1, id: null, error: 'an event must be a JSON object' },
      { index: 2, id: null, error: 'id must be a string' },
    ],
  });
});

test('times of the past and the future beyond the bounds are refused, inside them not', async () => {
  const at = (seconds: number) => toolCall({ time: new Date(Date.now() + seconds * 1_000).toISOString() });
  const [old, future] = [await rejections('too_old'), await rejections('in_future')];
  const { body } = await collector.send([
    at(-86_500),
    at(-86_300),
    at(50),
    at(70),
    toolCall({ time: '2026-02-30T00:00:00Z' }),
  ]);
  expect(body).toMatchObject({
    accepted: 2,
    rejected: [
      { index: 0, error: 'time is more than 86400 s in the past: send events sooner' },
      { index: 3, error: "time is more than 60 s in the future: set the sender's clock" },
      { index: 4, error: 'time must be an RFC 3339 time with a zone, such as 2026-11-21T09:30:00Z' },
    ],
  });
  expect([await rejections('too_old'), await rejections('in_future')]).toEqual([old + 1, future + 1]);
});

test('a malformed line costs only itself', async () => {
  const lines = [JSON.stringify(toolCall()), '{"id": oops', '', JSON.stringify(toolCall())].join('\n');
  const before = await rejections('malformed');
  const { status, body } = await collector.send(lines, { 'content-type': 'application/x-ndjson' });
  expect(status).toBe(202);
  expect(body).toMatchObject({
    accepted: 2,
    rejected: [{ index: 1, id: null, error: expect.stringMatching(/^the line is not valid JSON/) }],
  });
  expect(await rejections('malformed')).toBe(before + 1);
});

test('a list of rejected events is cut, and says how many there were', async () => {
  const { status, body } = await collector.send([toolCall(), ...Array.from({ length: 1_200 }, () => 0)]);
  expect(status).toBe(202);
  expect([body.accepted, body.rejected.length, body.rejected_total]).toEqual([1, 1_000, 1_200]);
});

describe('a payload', () => {
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  test('may be nested as deep as configured and no deeper', async () => {
    const { body } = await collector.send([
      toolCall({ arguments: nested(8) }),
      toolCall({ arguments: nested(9) }),
      toolCall({ result: { a: nested(8) } }),
    ]);
    expect(body).toMatchObject({
      accepted: 1,
      rejected: [
        { index: 1, error: 'arguments must not be nested deeper than 8 levels' },
        { index: 2, error: 'result must not be nested deeper than 8 levels' },
      ],
    });
  });

  test('with keys that name parts of every object does no harm', async () => {
    const poison = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const event = JSON.stringify(toolCall({ tool: 'poisoned' })).replace(
      '}',
      `},"arguments":${poison},"result":${poison}`,
    );
    expect((await collector.send(event)).body).toMatchObject({ accepted: 1 });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const { body } = await collector.send(event.replace('"server"', '"__proto__":{"server":"x"},"server"'));
    expect(body.rejected[0].error).toBe('unknown field "__proto__"');
  });

  test('and a session id and an error message in clear are nowhere on disk or in the log', async () => {
    const secrets = { arguments: { key: 'SECRET-1' }, result: 'SECRET-2', error_message: 'SECRET-3' };
    await collector.send(toolCall({ ...secrets, session: { id: 'SECRET-4' }, outcome: 'tool_error' }));
    await collector.send(`{"id": SECRET-5}`);
    await collector.send(toolCall({ 'SECRET-6': 1 }), { authorization: 'Bearer SECRET-7' });
    const journal = join(collector.config.dataDirectory, 'journal');
    const stored = readdirSync(journal)
      .map((name) => readFileSync(join(journal, name), 'latin1'))
      .join('');
    expect(stored).toContain('tool_error');
    expect(stored + collector.log).not.toContain('SECRET');
  });
});

describe('a request', () => {
  const events = '/v1/events';
  const json = { 'content-type': 'application/json' };
  const post = (headers: Record<string, string>, body: string | Buffer) =>
    collector.request(events, { method: 'POST', headers, body: body as BodyInit });

  test.each([
    ['GET', '/v1/events', 405],
    ['PUT', '/v1/events?x=1', 405],
    ['OPTIONS', '/v1/events', 405],
    ['POST', '/v1/event', 404],
    ['GET', '/', 404],
    ['POST', '/%zz', 404],
    ['POST', '/../etc/passwd', 404],
  ])('%s %s is answered %i', async (method, path, status) => {
    const before = await rejections('not_found');
    const answer = await collector.request(path, {
      method,
      headers: json,
      body: method === 'GET' ? null : '{}',
    });
    expect(answer).toMatchObject({ status, body: sentence });
    expect(answer.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
    expect(await rejections('not_found')).toBe(before + 1);
  });

  test.each(['text/plain', 'application/xml', 'application/jsonp', 'multipart/form-data; boundary=x', ''])(
    'of content type %o is 415',
    async (type) => {
      const before = await rejections('unsupported');
      const answer = await post({ 'content-type': type }, JSON.stringify(toolCall()));
      expect(answer).toMatchObject({
        status: 415,
        body: { error: expect.stringMatching(/application\/json or application\/x-ndjson/) },
      });
      expect(await rejections('unsupported')).toBe(before + 1);
    },
  );

  test.each(['application/json; charset=utf-8', 'Application/JSON'])(
    'of content type %s is taken',
    async (type) => {
      expect(await post({ 'content-type': type }, JSON.stringify(toolCall()))).toMatchObject({ status: 202 });
    },
  );

  test('in an unknown encoding is 415 and told the known ones', async () => {
    const answer = await post({ ...json, 'content-encoding': 'br' }, 'x');
    expect(answer).toMatchObject({
      status: 415,
      body: { error: 'content-encoding must be gzip, zstd or identity' },
    });
    expect(answer.headers.get('accept-encoding')).toBe('gzip, zstd');
  });

  test.each(['', ' ', '{"id":', '[{"id":"a"}', 'null,', '\u0000'])(
    'with the body %o is 400',
    async (body) => {
      const before = await rejections('malformed');
      expect(await post(json, body)).toMatchObject({ status: 400, body: sentence });
      expect(await rejections('malformed')).toBe(before + 1);
    },
  );

  test('that is too large is 413 whether it says so or not, and the connection stays usable', async () => {
    const before = await rejections('too_large');
    const large = JSON.stringify(Array.from({ length: 1_000 }, () => toolCall()));
    expect(await post(json, large)).toMatchObject({
      status: 413,
      body: { error: expect.stringMatching(/larger than 100000 bytes/) },
    });
    const chunked = {
      method: 'POST',
      headers: json,
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit;
    expect(await collector.request(events, chunked)).toMatchObject({ status: 413 });
    expect(await post(json, Buffer.alloc(20_000_000, 0x20))).toMatchObject({ status: 413 });
    expect(await rejections('too_large')).toBe(before + 3);
    expect(await post(json, JSON.stringify(toolCall()))).toMatchObject({ status: 202 });
  });

  test('with too many events is 413', async () => {
    const many = `[${'0,'.repeat(5_000)}0]`;
    expect(await post(json, many)).toMatchObject({
      status: 413,
      body: { error: expect.stringMatching(/more than 5000 events/) },
    });
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)(
    'compressed with %s is taken, and a bomb is 413 before it is inflated',
    async (encoding, compress) => {
      const headers = { ...json, 'content-encoding': encoding };
      expect(await post(headers, compress(JSON.stringify(toolCall())))).toMatchObject({ status: 202 });
      const bomb = compress(Buffer.alloc(50_000_000, 0x20));
      expect(bomb.length).toBeLessThan(limits.bodyBytes);
      const heap = process.memoryUsage().arrayBuffers;
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(headers, bomb)));
      for (const answer of answers)
        expect(answer).toMatchObject({
          status: 413,
          body: { error: expect.stringMatching(/inflates to more than 1000000 bytes/) },
        });
      expect(process.memoryUsage().arrayBuffers - heap).toBeLessThan(50_000_000);
      const cutShort = compress(JSON.stringify(toolCall())).subarray(0, 30);
      expect(await post(headers, cutShort)).toMatchObject({
        status: 400,
        body: { error: expect.stringMatching(/not valid (gzip|zstd)/) },
      });
      expect(await post(headers, 'no such thing')).toMatchObject({ status: 400 });
    },
  );

  test('compressed by zstd with a window that needs more memory than allowed is 400', async () => {
    // A frame header that asks for a window of 128 MiB, then one empty last block.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00]);
    expect(await post({ ...json, 'content-encoding': 'zstd' }, frame)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/not valid zstd/) },
    });
  });
});

test('what is no HTTP is answered 400 in a sentence and cut off', async () => {
  const before = await rejections('malformed');
  const socket = connect(collector.ports.ingest, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  socket.write('\x16\x03\x01 this is TLS, surely\r\n\r\n');
  await once(socket, 'close');
  expect(text).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\n\{"error":"[^"]+"\}$/s);
  expect(await rejections('malformed')).toBe(before + 1);
});
