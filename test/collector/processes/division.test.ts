import { describe, expect, test } from 'vitest';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { type Divider, Division } from '../../../collector/processes/division.ts';
import { EventScan, UNKNOWN_SESSION } from '../../../collector/processes/event-scan.ts';
import { open, Parcel } from '../../../collector/processes/parcel.ts';
import { ownerOf, ownerOfSession } from '../../../collector/processes/routing.ts';
import { Said } from '../../../collector/processes/sent-calls.ts';
import { visitEvents } from '../../../collector/receive/json-events.ts';
import { seeded } from '../../random.ts';

const PROCESSES = 3;
const { limits } = collectorDefaults;
const scan = new EventScan();

function scanned(text: string, depth = limits.jsonDepth) {
  const bytes = Buffer.from(text);
  const end = scan.end(bytes, 0, bytes.length, depth);
  return { whole: end === bytes.length, known: scan.sessionHash !== UNKNOWN_SESSION };
}

describe('the session of an event is told without parsing', () => {
  const rest = '"id":"e","server":"files","tool":"read"';

  test.each([
    `{"kind":"tool_call","session":{"id":"s-1"},${rest}}`,
    `{ "session" : { "type":"chat", "id" : "s-1" } ,${rest}, "kind"\n: "tool_call" }`,
    `{"kind":"tool_call","session":{"id":"s-1"},${rest},"arguments":{"session":{"id":"x"},"kind":["tool_call"]}}`,
    `{"kind":"tool_call","error_message":"\\"session\\":{\\"id\\":\\"x\\"}}","session":{"id":"s-1"},${rest}}`,
    `{"kind":"tool_call","session":{"id":"s-1","a":{"id":"x"}},"b":[{"id":"x"}],${rest}}`,
  ])('of %s', (text) => {
    expect(scanned(text)).toEqual({ whole: true, known: true });
    const own = ownerOf({ session: { id: 's-1' } } as McpEvent, 1_000);
    expect(ownerOfSession(scan.sessionHash, 1_000)).toBe(own);
  });

  test.each([
    ['none', `{"kind":"tool_call",${rest}}`],
    ['two of them', `{"kind":"tool_call","session":{"id":"a"},"session":{"id":"b"},${rest}}`],
    ['one with two ids', `{"kind":"tool_call","session":{"id":"a","id":"b"},${rest}}`],
    ['one whose id is escaped', `{"kind":"tool_call","session":{"id":"\\u0061"},${rest}}`],
    ['one whose id is not ASCII', `{"kind":"tool_call","session":{"id":"ä"},${rest}}`],
    ['one whose id is a number', `{"kind":"tool_call","session":{"id":7},${rest}}`],
    [
      'one under an escaped key',
      `{"kind":"tool_call","s\\u0065ssion":{"id":"a"},"session":{"id":"b"},${rest}}`,
    ],
    [
      'one with an id under an escaped key',
      `{"kind":"tool_call","session":{"i\\u0064":"a","id":"b"},${rest}}`,
    ],
    ['one that is a list', `{"kind":"tool_call","session":[{"id":"a"}],${rest}}`],
    ['one of an event of another kind', `{"kind":"dlp_block","session":{"id":"a"},${rest}}`],
    ['one of an event of two kinds', `{"kind":"tool_call","kind":"dlp_block","session":{"id":"a"},${rest}}`],
    ['one inside the arguments alone', `{"kind":"tool_call",${rest},"arguments":{"session":{"id":"a"}}}`],
  ])('and left to parsing when there is %s', (_, text) => {
    expect(scanned(text)).toEqual({ whole: true, known: false });
  });

  test.each(['', '[]', '"{}"', '{', '{"a":"}', '{"a":"\\"}', '{"a":[}', '{}{}', '{"a":1}x', '{"a":"\\'])(
    '%o is no whole object',
    (text) => {
      expect(scanned(text).whole).toBe(false);
    },
  );

  test('what is nested too deep is no whole object', () => {
    const nested = `{"a":${'['.repeat(4)}${']'.repeat(4)}}`;
    expect(scanned(nested, 5).whole).toBe(true);
    expect(scanned(nested, 4).whole).toBe(false);
  });
});

function parsed(text: string): McpEvent[] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function written(parcel: Parcel): Buffer {
  const news = parcel.news(new Said());
  const into = Buffer.alloc(parcel.mostBytes(news.length));
  return into.subarray(0, parcel.write(into, 0, news));
}

/** What a body comes to: events and faults in their order, whoever they belong to. */
async function visited(body: string | Buffer, format: 'json' | 'ndjson', divided: boolean) {
  const all: unknown[] = [];
  const passed: { place: number; owner: number; parcel: Parcel }[] = [];
  const bytes = Buffer.from(body);
  const divider: Divider = {
    event: (event) => void all.push(event),
    brokenLine: () => void all.push('broken'),
    isOthers: (hash) => hash !== UNKNOWN_SESSION && ownerOfSession(hash, PROCESSES) !== 0,
    passOn: (hash, from, start, end) => {
      const parcel = new Parcel(1, 'native');
      parcel.add(all.length, from, start, end);
      passed.push({ place: all.length, owner: ownerOfSession(hash, PROCESSES), parcel });
      all.push(undefined);
    },
  };
  await visitEvents(
    bytes,
    format,
    limits,
    divider,
    divided ? new Division(limits, divider, () => false) : undefined,
  );
  for (const { place, owner, parcel } of passed) {
    const [run] = open(written(parcel)).runs;
    const event = parsed(run!.bytes.toString())?.[0];
    if (event !== undefined) expect(ownerOf(event, PROCESSES)).toBe(owner);
    all[place] = event ?? 'broken';
  }
  return { all, passed: passed.length };
}

test('A body that is divided holds the events that it holds undivided, whatever is damaged in it', async () => {
  const random = seeded(7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const texts = ['read', '],{"kind":"', '\\"', 'ä', '\n', '}', '{[', '"session":{"id":"x"}', ''];
  const event = () => ({
    ...(random() < 0.5 ? { id: pick(texts) } : {}),
    kind: pick(['tool_call', 'tool_call', 'tool_call', 'tool_list', 'dlp_block']),
    ...(random() < 0.9
      ? { session: { type: 'chat', id: `s-${Math.floor(random() * 20)}${pick(texts)}` } }
      : {}),
    error_message: pick(texts),
    arguments: { [pick(texts)]: [{ session: { id: pick(texts) }, kind: 'tool_call' }, {}, [pick(texts)]] },
  });
  let passed = 0;
  let same = 0;
  for (let i = 0; i < 1_500; i++) {
    const format = pick(['json', 'ndjson'] as const);
    const events = Array.from({ length: 1 + Math.floor(random() * 8) }, event);
    const indented = random() < 0.3 ? 1 : undefined;
    const whole =
      format === 'json'
        ? JSON.stringify(events, null, indented)
        : events.map((one) => JSON.stringify(one)).join('\n');
    const bytes = Buffer.from(whole);
    if (random() < 0.4) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const plain = await visited(bytes, format, false).catch((error: Error) => error);
    const divided = await visited(bytes, format, true).catch((error: Error) => error);
    if (plain instanceof Error) {
      // Divided, an event that is no JSON costs only itself; what leaves brackets open costs the whole as before.
      if (!(divided instanceof Error)) expect(divided.all).toContain('broken');
      continue;
    }
    expect(divided).not.toBeInstanceOf(Error);
    const { all, passed: more } = divided as Awaited<ReturnType<typeof visited>>;
    expect(all).toEqual(plain.all);
    passed += more;
    same++;
  }
  expect(same).toBeGreaterThan(900);
  expect(passed).toBeGreaterThan(500);
});

test('A large body is divided in slices, and refused where an undivided one is', async () => {
  const one = (n: number) =>
    `{"kind":"tool_call","id":"${n}","session":{"id":"s-${n % 50}"},"error_message":"${'x'.repeat(500)}"}`;
  const events = Array.from({ length: 2_000 }, (_, n) => one(n));
  const body = `[${events.join(' ,\n')}]`;
  const { all, passed } = await visited(body, 'json', true);
  expect(all).toEqual((await visited(body, 'json', false)).all);
  expect(passed).toBeGreaterThan(1_000);
  for (const broken of [body.slice(0, -1), `${body}x`, `${body.slice(0, -1)},]`, `${body.slice(0, -1)},7]`]) {
    const [plain, divided] = await Promise.all(
      [false, true].map((way) => visited(broken, 'json', way).catch((error: Error) => error)),
    );
    if (plain instanceof Error) expect(divided).toEqual(plain);
    else expect(divided).toEqual({ all: plain!.all, passed: 0 });
  }
});

test('A parcel keeps the order of its events over all its runs', () => {
  const parcel = new Parcel(1, 'native');
  const events = Array.from({ length: 700 }, (_, n) =>
    Buffer.from(JSON.stringify({ n, text: 'x'.repeat(n) })),
  );
  for (const [n, bytes] of events.entries()) parcel.add(n, bytes, 0, bytes.length);
  const { sourceKind, runs } = open(written(parcel));
  expect(sourceKind).toBe('native');
  expect(runs.length).toBeGreaterThan(3);
  const opened = runs.flatMap((run) => JSON.parse(run.bytes.toString()));
  expect(opened.map(({ n }) => n)).toEqual(events.map((_, n) => n));
});
