import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { EventStream, Lines, Text } from '../../observe/src/framing.ts';
import type { Observed } from '../../observe/src/json-rpc.ts';
import { Skim } from '../../observe/src/skim.ts';

/** Repeatable chance. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function cutAtRandom(bytes: Buffer, draw: () => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + Math.floor(draw() ** 3 * 200);
    chunks.push(bytes.subarray(from, to));
    from = to;
  }
  return chunks;
}

const awkward = [
  '',
  'a',
  '"',
  '\\',
  '\\"',
  '\\\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'ü𝄞',
  '"id":9,',
  '\n',
  '\u2028',
];

function anyValue(draw: () => number, depth: number): unknown {
  const pick = Math.floor(draw() * (depth > 3 ? 4 : 6));
  if (pick === 0)
    return Array.from({ length: 5 }, () => awkward[Math.floor(draw() * awkward.length)]).join('');
  if (pick === 1) return Math.floor(draw() * 1e6) - 5e5;
  if (pick === 2) return draw() < 0.5;
  if (pick === 3) return null;
  const items = Array.from({ length: Math.floor(draw() * 4) }, () => anyValue(draw, depth + 1));
  return pick === 4 ? items : Object.fromEntries(items.map((item, i) => [awkward[i * 3] ?? `k${i}`, item]));
}

function anyMessage(draw: () => number): Record<string, unknown> {
  const entries: [string, unknown][] = [
    ['jsonrpc', '2.0'],
    ['id', draw() < 0.5 ? Math.floor(draw() * 100) : 'text "id"'],
    ['method', 'tools/call'],
    [
      'params',
      {
        name: 'tool',
        arguments: anyValue(draw, 0),
        _meta: { a: [1, { b: 2 }] },
        ...{ other: anyValue(draw, 1) },
      },
    ],
    ['result', { content: anyValue(draw, 0), isError: draw() < 0.5, resultType: 'complete' }],
    ['extra', anyValue(draw, 0)],
  ];
  return Object.fromEntries(entries.sort(() => draw() - 0.5).slice(0, 2 + Math.floor(draw() * 5)));
}

describe('skimming a message', () => {
  test('finds what parsing finds, however the bytes are cut', () => {
    const draw = random(7);
    for (let i = 0; i < 3_000; i++) {
      const message = anyMessage(draw);
      const indent = draw() < 0.3 ? 1 : 0;
      const skim = new Skim();
      for (const chunk of cutAtRandom(Buffer.from(JSON.stringify(message, null, indent)), draw))
        skim.push(chunk);
      const seen = skim.end();
      expect(seen?.message).toEqual(message);
      if (indent > 0) continue;
      const { params, result } = message as { params?: { arguments: unknown }; result?: unknown };
      const size = (value: unknown) =>
        value === undefined ? undefined : Buffer.byteLength(JSON.stringify(value));
      expect([seen?.argumentBytes, seen?.resultBytes]).toEqual([size(params?.arguments), size(result)]);
    }
  });

  test('leaves out what is large, and keeps what stands beside it', () => {
    const large = 'x'.repeat(100_000);
    const text = JSON.stringify({
      [large]: 1,
      params: { name: 'tool', arguments: { large } },
      method: 'tools/call',
      id: 4,
    });
    const skim = new Skim();
    skim.push(Buffer.from(text));
    expect(skim.end()).toMatchObject({
      message: { params: { name: 'tool' }, method: 'tools/call', id: 4 },
      argumentBytes: large.length + 12,
    });
    expect(JSON.stringify(skim.end()).length).toBeLessThan(500);
  });

  test('takes bytes of any kind without harm', () => {
    const draw = random(11);
    const alphabet = Buffer.from('{}[]",:\\ae1 ü');
    for (let i = 0; i < 2_000; i++) {
      const skim = new Skim();
      const bytes = Buffer.from(
        Array.from({ length: 80 }, () => alphabet[Math.floor(draw() * alphabet.length)]!),
      );
      for (const chunk of cutAtRandom(bytes, draw)) skim.push(chunk);
      skim.end();
    }
    const endless = new Skim();
    for (let i = 0; i < 200; i++) endless.push(Buffer.from('{"params":{"a":['.repeat(50)));
    expect(endless.end()).toBeUndefined();
  });
});

describe('framing', () => {
  const collect = () => {
    const seen: unknown[] = [];
    return {
      seen,
      onMessage: (observed: Observed | undefined) => seen.push(observed ? observed.message : 'garbage'),
    };
  };
  const messages = [{ id: 1, result: 'ü𝄞' }, { method: 'x' }, { id: 2, error: {} }];

  test('splits lines, whatever the chunks and line ends', () => {
    const draw = random(3);
    for (const end of ['\n', '\r\n', '\n\n']) {
      const { seen, onMessage } = collect();
      const lines = new Lines(onMessage);
      const bytes = Buffer.from(
        `${messages.map((one) => JSON.stringify(one) + end).join('')}not json${end}42${end}`,
      );
      for (const chunk of cutAtRandom(bytes, draw)) lines.push(chunk);
      expect(seen).toEqual([...messages, 'garbage', 'garbage']);
    }
  });

  test('reads the data of events, whatever the chunks and line ends', () => {
    const draw = random(5);
    for (const end of ['\n', '\r\n', '\r']) {
      const { seen, onMessage } = collect();
      const events = new EventStream(onMessage);
      const [a, b, c] = messages.map((one) => JSON.stringify(one));
      const text = [
        ': comment',
        '',
        `event: message`,
        `id: 7`,
        `data: ${a}`,
        '',
        'retry: 5',
        '',
        `data:${b}`,
        '',
        ':',
        '',
        'data: {"id":2,',
        'data:"error":{}}',
        '',
        'data',
        'dat',
        '',
        `data: ${c} cut off`,
      ].join(end);
      for (const chunk of cutAtRandom(Buffer.from(text), draw)) events.push(chunk);
      expect(seen).toEqual(messages);
    }
  });

  test('keeps at most one megabyte of a message', () => {
    const { seen, onMessage } = collect();
    const text = new Text();
    text.push(Buffer.from('{"id":1,"result":{"isError":true,"content":"'));
    for (let i = 0; i < 64; i++) text.push(Buffer.alloc(64 * 1024, 'x'));
    text.push(Buffer.from('"}}'));
    text.end(onMessage);
    expect(seen).toEqual([{ id: 1, result: { isError: true } }]);
  });
});

test('A message that comes byte by byte takes about its own size in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'x'.repeat(1_000_000) }));
  const text = new Text();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < bytes.length; at++) text.push(bytes.subarray(at, at + 1));
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  const seen: unknown[] = [];
  text.end((observed) => seen.push(observed?.message));
  expect(seen).toEqual([JSON.parse(bytes.toString())]);
});
