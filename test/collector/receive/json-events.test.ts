import { describe, expect, test } from 'vitest';
import { collectorDefaults } from '../../../collector/config.ts';
import { type BodyFormat, visitEvents } from '../../../collector/receive/json-events.ts';
import { Refusal } from '../../../collector/receive/refusal.ts';

const limits = { ...collectorDefaults.limits, eventsPerRequest: 10_000, jsonDepth: 8 };

async function cut(body: string | Buffer, format: BodyFormat = 'json', within = limits) {
  const events: unknown[] = [];
  const brokenLines: string[] = [];
  await visitEvents(Buffer.from(body), format, within, {
    event: (event) => events.push(event),
    brokenLine: (error) => brokenLines.push(error),
  });
  return { events, brokenLines };
}
async function refusal(body: string, format: BodyFormat = 'json', within = limits): Promise<Refusal> {
  const error = await cut(body, format, within).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refusal);
  return error as Refusal;
}

test('one object, an array and lines hold the same events', async () => {
  const events = [{ id: 'a' }, { id: 'b' }];
  expect((await cut('{"id":"a"}')).events).toEqual([events[0]]);
  expect((await cut(' [{"id":"a"} , {"id":"b"}]\n')).events).toEqual(events);
  expect((await cut('{"id":"a"}\r\n\n{"id":"b"}', 'ndjson')).events).toEqual(events);
  expect((await cut('[]')).events).toEqual([]);
});

test('a line that is no JSON costs only itself, and its content is not repeated', async () => {
  const { events, brokenLines } = await cut('{"id":"a"}\n{"password": hunter2}\n{"id":"b"}\n', 'ndjson');
  expect(events).toEqual([{ id: 'a' }, { id: 'b' }]);
  expect(brokenLines).toEqual([expect.stringMatching(/^the line is not valid JSON/)]);
  expect(brokenLines[0]).not.toContain('hunter2');
});

test.each([
  ['', 'the body is empty: send at least one event as JSON'],
  [' \n\t', 'the body is empty: send at least one event as JSON'],
])('%o is an empty body', async (body, sentence) => {
  expect(await refusal(body)).toMatchObject({ status: 400, reason: 'malformed', message: sentence });
});

test.each(['{"a":hunter2}', '[{}', '{}{}', '{"a":1}\n{"b":2}', '\ufeff[]', "{'a':1}"])(
  '%o is malformed, and the answer does not repeat it',
  async (body) => {
    const { status, message } = await refusal(body);
    expect(status).toBe(400);
    expect(message).toMatch(/^the body is not valid JSON( at position \d+)?: send one event, an array/);
  },
);

test('more events than allowed are too many, as an array and as lines', async () => {
  const few = { ...limits, eventsPerRequest: 2 };
  expect((await cut('[1,2]', 'json', few)).events).toEqual([1, 2]);
  expect(await refusal('[1,2,3]', 'json', few)).toMatchObject({ status: 413, reason: 'too_large' });
  expect((await cut('1\n2\n', 'ndjson', few)).events).toEqual([1, 2]);
  expect(await refusal('1\n\n3', 'ndjson', few)).toMatchObject({ status: 413, reason: 'too_large' });
});

describe('a large array', () => {
  const strange = {
    id: 'x',
    text: '[{,"\\\\" \\"]} \u2028 ä 😀',
    nested: [[{ a: ['}', '\\'] }]],
    none: [],
    empty: {},
  };
  const many = Array.from({ length: 4_000 }, (_, i) => ({ ...strange, id: `id-${i}` }));

  test.each([0, 1, 3])('is cut where its events end, whatever they hold (spaces: %i)', async (spaces) => {
    const body = JSON.stringify(many, null, spaces);
    expect(body.length).toBeGreaterThan(300_000);
    expect((await cut(`\n${body} \r\n`)).events).toEqual(many);
  });

  test('lets others have a turn while it is cut', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await cut(JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ id: i, text: 'x'.repeat(400) }))));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  const filler = `${'{"text":"'}${'x'.repeat(300_000)}"}`;
  test.each([
    ['a missing end', `[${filler}`],
    ['an open string', `[${filler},"a]`],
    ['something behind its end', `[${filler}] x`],
    ['a second array behind its end', `[${filler}][]`],
    ['the wrong end', `[${filler}}`],
    ['mixed brackets', `[${filler},{"a":[}]]`],
    ['a gap at the start', `[,${filler}]`],
    ['a gap in the middle', `[${filler},,1]`],
    ['a gap at the end', `[${filler},]`],
    ['a backslash at its end', `[${filler},"\\`],
    ['no JSON inside', `[${filler},undefined]`],
  ])('with %s is malformed', async (_fault, body) => {
    expect(await refusal(body)).toMatchObject({ status: 400, reason: 'malformed' });
  });

  test('of more events than allowed is refused before they are built', async () => {
    const body = `[${'{},'.repeat(200_000)}{}]`;
    let built = 0;
    const error = await visitEvents(Buffer.from(body), 'json', limits, {
      event: () => built++,
      brokenLine: () => {},
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 413, reason: 'too_large' });
    expect(built).toBeLessThanOrEqual(limits.eventsPerRequest);
  });

  test('that is nested too deep is refused', async () => {
    const nested = (depth: number) => `[${filler},${'['.repeat(depth)}${']'.repeat(depth)}]`;
    expect((await cut(nested(8))).events).toHaveLength(2);
    expect(await refusal(nested(9))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/nested deeper than 8 levels/),
    });
  });

  test('with one event larger than a body may be is refused', async () => {
    const small = { ...limits, bodyBytes: 300_000 };
    expect(await refusal(`[1,${filler},2]`, 'json', small)).toMatchObject({ status: 413 });
    expect(await refusal(`[1,${filler}]`, 'json', small)).toMatchObject({ status: 413 });
    expect(await refusal(filler, 'json', small)).toMatchObject({ status: 413 });
    expect(await refusal(`1\n${filler}`, 'ndjson', small)).toMatchObject({ status: 413 });
  });
});

test('an array nested 100,000 deep is one wrong event and no overflow', async () => {
  const { events } = await cut('['.repeat(100_000) + ']'.repeat(100_000));
  expect(events).toHaveLength(1);
});
