import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { type EventOf, type McpEvent, sessionOrigins } from '../../../collector/catalogue/events.ts';
import { faults, outcomes } from '../../../collector/catalogue/labels.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { decodeRecord } from '../../../collector/journal/record.ts';
import type { SharedText } from '../../../collector/journal/shared-texts.ts';
import { open, Parcel } from '../../../collector/processes/parcel.ts';
import { Heard, Said } from '../../../collector/processes/sent-calls.ts';
import { Arrivals } from '../../../collector/receive/arrivals.ts';
import { type CallColumns, NUMBER_AT } from '../../../collector/receive/calls/call-columns.ts';
import { CallReader } from '../../../collector/receive/calls/call-reader.ts';
import { QuickEvents } from '../../../collector/receive/calls/quick-events.ts';
import { SeenIds } from '../../../collector/receive/dedupe.ts';
import { type BodyFormat, visitEvents } from '../../../collector/receive/json-events.ts';
import { SessionHash } from '../../../collector/receive/privacy.ts';
import { Refusal } from '../../../collector/receive/refusal.ts';
import { Settings } from '../../../collector/receive/settings.ts';
import { parseTime } from '../../../collector/receive/times.ts';
import { faultOf } from '../../../collector/receive/validate.ts';
import { type Random, random } from '../../../run/replay/random.ts';

const SEED = 20_261_121;
const BODIES = 20_000;

const receivedMs = Date.parse('2026-11-21T09:30:16.500Z');
const limits = { ...collectorDefaults.limits, eventsPerRequest: 12 };
const hash = new SessionHash(Buffer.alloc(32, 7));

/** What became of each event of a body, as either way says it. */
class Seen {
  readonly #settings: Settings;
  readonly #ids = new SeenIds(1, Buffer.alloc(8, 7));
  readonly #arrivals = new Arrivals(this.#ids);
  /** Those that go to the journal. */
  readonly #arrived: McpEvent[] = [];
  readonly events: unknown[] = [];
  quick = 0;
  passedOn = 0;

  readonly #wire: Wire;
  readonly #sent: Buffer[] = [];

  constructor(settings: Settings, wire: Wire) {
    this.#settings = settings;
    this.#wire = wire;
    this.#arrivals.begin(receivedMs, 'native');
  }

  event(value: unknown): void {
    const fault = faultOf(value);
    if (fault !== undefined) this.events.push({ fault });
    else {
      const event = value as McpEvent;
      const timeMs = parseTime(event.time);
      const setting = this.#settings.of(event);
      this.events.push(asSeen(event, timeMs, setting));
      if (timeMs === undefined) return;
      this.#ids.hash(event.id);
      this.#arrivals.add(event, timeMs, setting);
      const { arguments: _, ...kept } = event as EventOf<'tool_call'>;
      this.#arrived.push(kept);
    }
  }

  readCall(calls: CallColumns, row: number): void {
    if (!calls.settings[row]!.own) {
      this.passedOn++;
      this.#sent.push(this.#wire.sent(calls, row));
      this.events.push(SENT_ON);
      return;
    }
    this.quick++;
    this.events.push(this.#read(calls, row));
  }

  /** Takes as another process what was sent on to it. */
  receiveSentOn(): void {
    for (const message of this.#sent) {
      const place = this.events.indexOf(SENT_ON);
      this.#wire.receive(message, (calls, row) => {
        this.events[place] = this.#read(calls, row);
      });
    }
  }

  #read(calls: CallColumns, row: number): unknown {
    const event = calls.event(row);
    const { session, text } = calls.settings[row]!;
    this.#arrived.push(event);
    expect(this.#arrivals.addCall(calls, row)).toBe(true);
    return asSeen(event, calls.number(row, NUMBER_AT.timeMs), session && text);
  }

  /** Whether what is written to the journal, and what is processed, is what arrived. */
  checkArrivals(): void {
    const arrivals = this.#arrivals;
    const { events } = decodeRecord(arrivals.record());
    for (const [i, event] of this.#arrived.entries()) {
      const plain = JSON.parse(JSON.stringify(event));
      if (!isDeepStrictEqual(events[i], plain)) expect(events[i]).toStrictEqual(plain);
      const { event: accepted, timeMs } = arrivals.accepted(i, { segment: 1, offset: 0 });
      const taken = JSON.parse(JSON.stringify({ ...accepted, arguments: undefined }));
      if (!isDeepStrictEqual(taken, plain)) expect(taken).toStrictEqual(plain);
      this.#ids.hash(event.id);
      const { hashLow, hashHigh } = this.#ids;
      expect([timeMs, arrivals.low(i), arrivals.high(i)]).toEqual([parseTime(event.time), hashLow, hashHigh]);
    }
    expect(events.length).toBe(this.#arrived.length);
  }

  brokenLine(error: string): void {
    this.events.push({ error });
  }
}

/** As it is now: the objects in it may be shared. What is undefined is not there, and no order is told. */
const asSeen = (event: McpEvent, timeMs: number | undefined, setting: SharedText | undefined) =>
  JSON.parse(JSON.stringify({ event, timeMs, setting: setting?.text }));

/** Stands for an event of another process until that has it. */
const SENT_ON = { sent: 'on' };

/** The connection to another process. */
class Wire {
  readonly #said = new Said();
  #heard = new Heard();
  readonly #other: CallReader;

  constructor(settings: Settings) {
    this.#other = new CallReader(settings, () => true);
  }

  sent(calls: CallColumns, row: number): Buffer {
    const parcel = new Parcel(1, 'native');
    parcel.addCall(0, calls, row);
    const news = parcel.news(this.#said);
    const message = Buffer.alloc(parcel.mostBytes(news.length));
    return message.subarray(0, parcel.write(message, 0, news));
  }

  receive(message: Buffer, take: (calls: CallColumns, row: number) => void): void {
    const { sourceKind, news, runs } = open(message);
    expect(sourceKind).toBe('native');
    expect(runs.map(({ isCalls }) => isCalls)).toEqual([true]);
    this.#heard = this.#heard.with(news, (setting) => this.#other.settingFor(setting));
    this.#heard.visit(runs[0]!.bytes, take);
  }
}

class Ways {
  readonly #settings = [new Settings(hash), new Settings(hash)] as const;
  /** Some sessions are another process's. */
  readonly #quick = new QuickEvents(
    new CallReader(this.#settings[1], ({ session }) => session === undefined || session.id.length % 3 > 0),
  );
  readonly #wire = new Wire(this.#settings[1]);
  quick = 0;
  passedOn = 0;
  all = 0;

  /** What both ways say of a body: by `JSON.parse` alone, and as it is read. */
  async of(body: Buffer, format: BodyFormat): Promise<[unknown, unknown]> {
    const [plain, quick] = [new Seen(this.#settings[0], this.#wire), new Seen(this.#settings[1], this.#wire)];
    const said = [
      await outcome(plain, visitEvents(body, format, limits, plain)),
      await outcome(quick, visitEvents(body, format, limits, quick, undefined, this.#quick.for(quick))),
    ] as [unknown, unknown];
    this.quick += quick.quick;
    this.passedOn += quick.passedOn;
    this.all += plain.events.length;
    return said;
  }
}

/** A refusal is all that is told of a body. */
async function outcome(seen: Seen, visiting: Promise<void>): Promise<unknown> {
  try {
    await visiting;
    seen.receiveSentOn();
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    const { status, reason, message } = error as Refusal;
    return { status, reason, message };
  }
  seen.checkArrivals();
  return seen.events;
}

const names = [
  'a',
  'tool',
  'files-search',
  'ünïcode',
  '工具',
  'quo"te',
  'back\\slash',
  'new\nline',
  '\u007f',
  '\ud800',
  '',
];
const name = ({ pick, chance, between }: Random) =>
  chance(0.9)
    ? pick(['one', 'two', 'three-and-four'])
    : chance(0.9)
      ? pick(names)
      : 'n'.repeat(between(250, 260));
const times = [
  '2026-11-21T09:30:00.000Z',
  '2026-11-21T09:30:00.999Z',
  '2026-11-21T09:30:59.120Z',
  '2026-11-21T09:30:00Z',
  '2026-11-21T09:30:00.5+01:00',
  '2026-11-21t09:30:00.123z',
  '2026-12-31T23:59:60.000Z',
  '2026-02-30T09:30:00.000Z',
  '2026-11-21T09:30:00.00aZ',
  'yesterday, about noon',
];
const numbers = [
  '0',
  '7',
  '4096',
  '12.5',
  '0.001',
  '-1',
  '-0',
  '1e3',
  '01',
  '1.',
  '.5',
  '1099511627776',
  '1099511627777',
];
const oddNumbers = [
  ...numbers,
  '604800000',
  '604800000.001',
  '123456789012345678',
  '0.1234567890123456',
  '1E-2',
  'null',
];

/** Source text of a number, mostly of one that counts. */
const number = ({ pick, chance, between }: Random, parts = 1) =>
  chance(0.95) ? String(Math.floor(between(0, 90_000)) / parts) : pick(oddNumbers);

/** A key of an event, and its value as JSON writes it. */
type Member = readonly [key: string, value: string];

/** How a sender writes its calls: which of the optional members, and what stands between them. */
interface Sender {
  readonly has: (key: string, share: number) => boolean;
  readonly inside: string;
  readonly between: string;
  readonly shuffles: boolean;
}

const SENDERS = 40;
const spaces = ['', '', '', ' ', '\n  ', '\t', '\r\n', '\u00a0'];

function sender(seed: string): Sender {
  const { chance, pick } = random(SEED, seed);
  const fixed = new Map<string, boolean>();
  return {
    has: (key, share) => {
      const known = fixed.get(key) ?? chance(share);
      fixed.set(key, known);
      return known;
    },
    inside: pick(chance(0.9) ? ['', ' '] : spaces),
    between: pick(chance(0.9) ? ['', ' '] : spaces),
    shuffles: chance(0.05),
  };
}

function call(from: Sender, chance: Random): string {
  const { pick, chance: is } = chance;
  const text = () => JSON.stringify(name(chance));
  const some = (key: string, share: number, value: () => string): Member[] =>
    from.has(key, share) ? [[key, value()]] : [];
  const write = (members: readonly Member[]) => object(members, from, chance);
  return write([
    ['kind', `"${is(0.99) ? 'tool_call' : 'session_start'}"`],
    ['id', JSON.stringify(is(0.95) ? `id-${Math.floor(chance.between(0, 1e9))}` : name(chance))],
    ['time', JSON.stringify(is(0.95) ? pick(times.slice(0, 3)) : pick(times))],
    ['server', text()],
    ...some('client', 0.7, () => write([['name', text()], ...some('version', 0.5, text)])),
    ['tool', text()],
    ...some('session', 0.7, () =>
      write([
        ['id', text()],
        ...some('type', 0.5, text),
        ...some('origin', 0.5, () => `"${pick(is(0.99) ? sessionOrigins : ['heard'])}"`),
      ]),
    ),
    ...some('user', 0.5, text),
    ...some('trace_id', 0.5, text),
    ...some('source', 0.5, text),
    ...some('environment', 0.5, text),
    ['outcome', `"${pick(is(0.99) ? outcomes.slice(0, 3) : [...outcomes, 'fine'])}"`],
    ...some('fault', 0.5, () => `"${pick(faults.slice(0, 2))}"`),
    ...some('perspective', 0.3, () => `"${is(0.95) ? 'server' : 'client'}"`),
    ...some('duration_ms', 0.6, () => number(chance, pick([1, 10, 1_000]))),
    ...some('request_bytes', 0.6, () => number(chance)),
    ...some('response_bytes', 0.6, () => number(chance)),
    ...some('code', 0.2, () => (is(0.8) ? '-32602' : number(chance))),
    ...(is(0.02) ? [['arguments', '{"path":["/tmp",{"deep":null}]}'] as const] : []),
    ...(is(0.02) ? [[pick(['surprise', '__proto__', 'id', 'time', 'cl\\u0069ent']), text()] as const] : []),
  ]);
}

function object(
  members: readonly Member[],
  { inside, between, shuffles }: Sender,
  { chance }: Random,
): string {
  const order = shuffles ? members.toSorted(() => (chance(0.5) ? 1 : -1)) : members;
  return `{${inside}${order.map(([key, value]) => `"${key}":${between}${value}`).join(`,${between}`)}${inside}}`;
}

function mutated(body: Buffer, { chance, between, pick }: Random): Buffer {
  const at = Math.floor(between(0, body.length));
  const to = Math.min(body.length, at + Math.floor(between(1, 20)));
  const cut = (middle: Buffer) => Buffer.concat([body.subarray(0, at), middle, body.subarray(to)]);
  if (chance(0.2)) return body.subarray(0, at);
  if (chance(0.3)) return cut(Buffer.alloc(0));
  if (chance(0.3))
    return cut(Buffer.from(pick(['"', '\\', '{', '}', '[', ']', ',', ':', '\u0000', 'é', '\\"'])));
  const copy = Buffer.from(body);
  copy[at] = Math.floor(between(0, 256));
  return copy;
}

test(`events read quickly and by JSON.parse are the same, and so are refusals, in ${BODIES} bodies made of seed ${SEED}`, async () => {
  const chance = random(SEED, 'calls');
  const senders = Array.from({ length: SENDERS }, (_, n) => sender(`sender ${n}`));
  const ways = new Ways();
  let refused = 0;
  let faulty = 0;
  for (let i = 0; i < BODIES; i++) {
    const format = chance.chance(0.7) ? 'json' : 'ndjson';
    const from = chance.pick(senders);
    const events = Array.from({ length: Math.floor(chance.between(1, 5)) }, () => call(from, chance));
    const list = chance.chance(0.98)
      ? events
      : [...events, chance.pick(['7', 'null', '[]', '"text"', '{}', ''])];
    const text =
      format === 'ndjson'
        ? list.join('\n')
        : list.length === 1
          ? list[0]!
          : `[${list.join(chance.pick([',', ', ', '\n,']))}]`;
    const sound = Buffer.from(text);
    const body = chance.chance(0.3) && sound.length > 0 ? mutated(sound, chance) : sound;
    const [plain, quick] = await ways.of(body, format);
    if (!isDeepStrictEqual(plain, quick)) expect(quick, body.toString()).toStrictEqual(plain);
    if (!Array.isArray(plain)) refused++;
    else if (plain.some((one) => 'fault' in one)) faulty++;
  }
  const counts = { bodies: BODIES, events: ways.all, quick: ways.quick, refused, faulty };
  console.log(JSON.stringify(counts));
  // Else one of the ways has not been tried.
  expect(ways.quick + ways.passedOn).toBeGreaterThan(ways.all / 5);
  expect(ways.passedOn).toBeGreaterThan(ways.all / 50);
  expect(ways.all - ways.quick).toBeGreaterThan(ways.all / 5);
  expect(refused).toBeGreaterThan(BODIES / 50);
  expect(faulty).toBeGreaterThan(BODIES / 50);
});

test('a time of control characters is no known second, though none is known yet', async () => {
  const ways = new Ways();
  const at = (time: string) =>
    Buffer.from(`{"kind":"tool_call","id":"e","time":"${time}","server":"s","tool":"t","outcome":"ok"}`);
  // Of a way of writing that is known, with a time that leaves no second behind.
  for (let i = 0; i < 2; i++) await ways.of(at('2026-11-21T09:30:00Z'), 'json');
  expect(ways.quick).toBe(1);
  const [plain, quick] = await ways.of(at(`${'\u0000'.repeat(20)}123Z`), 'json');
  expect(plain).toMatchObject({ status: 400, reason: 'malformed' });
  expect(quick).toEqual(plain);
});

const callOf = (n: number) => ({
  kind: 'tool_call',
  id: `id-${n}`,
  time: '2026-11-21T09:30:00.000Z',
  server: 'files',
  tool: `read-${n % 7}`,
  session: { id: `session-${n}` },
  outcome: 'ok',
});
const bodyOf = (first: number) =>
  Buffer.from(JSON.stringify(Array.from({ length: limits.eventsPerRequest }, (_, i) => callOf(first + i))));

test('more sessions than are remembered are told apart all the same, also when they come again', async () => {
  const ways = new Ways();
  const bodies = 2_000;
  for (let i = 0; i < 2 * bodies; i++) {
    const [parsed, quick] = await ways.of(bodyOf((i % bodies) * limits.eventsPerRequest), 'json');
    if (!isDeepStrictEqual(parsed, quick)) expect(quick).toStrictEqual(parsed);
  }
  expect(ways.all - ways.quick - ways.passedOn).toBeLessThan(limits.eventsPerRequest);
});

test('whoever writes each call in another way takes no memory, and costs nobody else the quick way', async () => {
  const ways = new Ways();
  for (let i = 0; i < 4_000; i++) {
    const spaces = i.toString(2).replaceAll('0', ' ').replaceAll('1', '\t');
    await ways.of(Buffer.from(JSON.stringify(callOf(i)).replaceAll(',', `,${spaces}`)), 'json');
  }
  expect(ways.quick).toBe(0);
  for (let i = 0; i < 100; i++) await ways.of(bodyOf(i), 'json');
  expect(ways.quick + ways.passedOn).toBeGreaterThan(80 * limits.eventsPerRequest);
});
