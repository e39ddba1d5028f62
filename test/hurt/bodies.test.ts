import { rmSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectorEvents, collectorRejections } from '../../collector/catalogue/collector-metrics.ts';
import { samplesFor } from '../collector/exposition.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';
import { promtoolFaults } from '../promtool.ts';
import { grown } from './grown.ts';

const MIB = 2 ** 20;
const SCRAPE_SECONDS = 0.2;
const config = testConfig({ scrapeIntervalSeconds: SCRAPE_SECONDS });
let collector: CollectorProcess;
let refused = 0;
let accepted = 0;
beforeAll(async () => {
  collector = await CollectorProcess.start(config);
});
afterAll(async () => {
  await collector.end('SIGKILL');
  rmSync(config.dataDirectory, { recursive: true, force: true });
});

interface Said {
  readonly status: number;
  readonly body: {
    error?: string;
    accepted?: number;
    rejected?: { error: string }[];
    rejected_total?: number;
  };
}

async function post(body: string | Buffer, headers: Record<string, string> = {}): Promise<Said> {
  const response = await fetch(`http://127.0.0.1:${collector.ports.ingest}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body as BodyInit,
  });
  const said: Said = { status: response.status, body: JSON.parse((await response.text()) || '{}') };
  const { rejected = [], rejected_total = rejected.length } = said.body;
  accepted += said.body.accepted ?? 0;
  refused += said.body.rejected === undefined ? 1 : rejected_total;
  return said;
}
const rssBytes = async () =>
  Number(/^process_resident_memory_bytes (\S+)$/m.exec((await collector.operations('/metrics')).text)?.[1]);

const compressions = [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const;

describe.each(compressions)('a body compressed with %s', (encoding, compress) => {
  const headers = { 'content-encoding': encoding };

  test('that inflates to a gigabyte is refused when it has inflated to its bound, forty at a time', async () => {
    // Gzip cannot shrink it below a thousandth, so that its own bound on the body comes first.
    const chunk = compress(Buffer.alloc(64 * MIB, 0x20));
    const bomb =
      encoding === 'gzip' ? Buffer.concat(Array(16).fill(chunk)) : compress(Buffer.alloc(1_024 * MIB, 0x20));
    const before = await rssBytes();
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(bomb, headers)));
    const statuses = Map.groupBy(answers, ({ status }) => status);
    const grownBy = (await rssBytes()) - before;
    console.log(
      `40 ${encoding} bombs of ${bomb.length} bytes: ${[...statuses].map(([status, of]) => `${of.length} × ${status}`).join(', ')}, ${(grownBy / MIB).toFixed(0)} MiB more memory`,
    );
    expect([...statuses.keys()].every((status) => status === 413 || status === 429)).toBe(true);
    expect(statuses.get(413)).toBeDefined();
    expect(grownBy).toBeLessThan(320 * MIB);
  });

  test('in another compressed body is not inflated twice', async () => {
    const inner = compress(JSON.stringify(toolCall()));
    expect(await post(compress(inner), headers)).toMatchObject({ status: 400 });
    expect(await post(compress(inner), { 'content-encoding': `${encoding}, ${encoding}` })).toMatchObject({
      status: 415,
    });
  });

  test('that is cut anywhere, or goes on after its end, is refused or taken whole', async () => {
    const whole = compress(JSON.stringify([toolCall(), toolCall()]));
    for (let length = 0; length < whole.length; length += 7) {
      const { status, body } = await post(whole.subarray(0, length), headers);
      expect([length, status, typeof body.error]).toEqual([length, 400, 'string']);
    }
    const { status } = await post(Buffer.concat([whole, Buffer.from('trailing rubbish')]), headers);
    expect([202, 400]).toContain(status);
  });
});

describe('JSON', () => {
  const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
  test.each([
    ['arrays', deep(400_000, '[', ']')],
    ['objects', `${'{"a":'.repeat(400_000)}1${'}'.repeat(400_000)}`],
    ['arrays that never end', '['.repeat(1_000_000)],
    ['objects that never end', '{"a":'.repeat(1_000_000)],
  ])('of 400,000 nested %s is refused, in a body, an event, a payload and a line', async (_, nested) => {
    const payload = JSON.stringify(toolCall()).replace(/}$/, `,"arguments":${nested}}`);
    for (const body of [nested, `[${nested}]`, payload, `[${payload}]`]) {
      const { status, body: said } = await post(body);
      expect([400, 413, 429]).toContain(status);
      expect(said.error ?? said.rejected?.[0]?.error).toMatch(/^[^\n]{10,300}$/);
    }
    const { status } = await post(`${payload}\n`, { 'content-type': 'application/x-ndjson' });
    expect([400, 413, 429]).toContain(status);
  });

  test('with a key twice counts the last, as JSON.parse does, and only that is kept', async () => {
    const twice = JSON.stringify(toolCall()).replace(
      '"outcome":"ok"',
      '"outcome":"ok","outcome":"tool_error"',
    );
    expect(await post(twice)).toMatchObject({ status: 202 });
    const { text } = await collector.operations('/metrics');
    expect(text).toContain('outcome="tool_error"');
  });

  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'then',
    'length',
  ];
  test.each(names)('with the name %s in every place is harmless', async (name) => {
    const event = toolCall({
      server: name,
      tool: name,
      client: { name, version: name },
      user: name,
      session: { id: name, type: name },
      trace_id: name,
      source: name,
      environment: name,
    });
    const keyed = `{"${name}":{"polluted":true},"nested":{"${name}":[1]}}`;
    const withPayload = JSON.stringify(event).replace(/}$/, `,"arguments":${keyed},"result":${keyed}}`);
    expect(await post(withPayload)).toMatchObject({ status: 202, body: { accepted: 1 } });
    const inTools = { id: `list-${name}`, time: event.time, kind: 'tool_list', server: name };
    const tools = `[{"name":"${name}","description_hash":"${'0'.repeat(64)}","schema_hash":"${'0'.repeat(64)}","annotations":{"${name}":true}}]`;
    const list = await post(JSON.stringify(inTools).replace(/}$/, `,"tools":${tools}}`));
    expect([202, 400]).toContain(list.status);
    const topLevel = JSON.stringify(toolCall()).replace(/}$/, `,"${name}":{"polluted":true}}`);
    expect(await post(topLevel)).toMatchObject({ status: 400 });
    expect(await post(`{"kind":"${name}"}`)).toMatchObject({ status: 400 });
    // Every page that shows it still comes.
    for (const session of await collector.sessions()) {
      const page = await fetch(`http://127.0.0.1:${collector.ports.pages}/sessions/${session.id}`);
      expect(page.status).toBe(200);
    }
  });

  test('with lone surrogates, controls and markup in every label leaves a scrape that promtool reads', async () => {
    const nasty = [
      '\ud800',
      '\udc00x',
      '\u0000',
      '\u0007\u001b[31m',
      'a"} 1\n# TYPE x counter\n',
      '\\',
      '\\n',
      '"',
      '\u2028\u2029',
      '\u202e\u200b\ufeff',
      '<script>alert(1)</script>',
      `${'x'.repeat(127)}\ud83d\ude00`,
      '😀'.repeat(120),
      ' ',
      '{}',
      '_other',
      '_unknown',
      '_start',
    ];
    for (const name of nasty) {
      const common = { server: name, client: { name }, session: { id: name, type: name }, source: name };
      const { status } = await post(
        JSON.stringify([
          toolCall({ ...common, tool: name, environment: name }),
          {
            ...toolCall(common),
            kind: 'dlp_block',
            rule: name,
            direction: 'request',
            outcome: undefined,
            duration_ms: undefined,
          },
          {
            ...toolCall(common),
            kind: 'auth_failure',
            reason: 'other',
            outcome: undefined,
            tool: undefined,
            duration_ms: undefined,
          },
        ]),
      );
      expect(status).toBe(202);
    }
    await grown(collector, collectorEvents, { source: 'native', kind: 'auth_failure' }, SCRAPE_SECONDS);
    const { text } = await collector.operations('/metrics');
    expect(await promtoolFaults(text)).toBe('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u2028\u2029]/);
  });
});

test('every refusal that was answered is counted, and every event that was accepted', async () => {
  await grown(collector, collectorRejections, { reason: 'malformed' }, SCRAPE_SECONDS);
  const { text } = await collector.operations('/metrics');
  const sum = (samples: readonly { value: number }[]) =>
    samples.reduce((total, { value }) => total + value, 0);
  console.log(`${refused} refused and ${accepted} accepted, as answered`);
  expect(sum(samplesFor(text, collectorRejections))).toBe(refused);
  expect(sum(samplesFor(text, collectorEvents))).toBe(accepted);
});
