import { expect, test } from 'vitest';
import type { EventOf, McpEvent } from '../../../collector/catalogue/events.ts';
import { open, Parcel } from '../../../collector/processes/parcel.ts';
import { Heard, Said } from '../../../collector/processes/sent-calls.ts';
import type { CallColumns } from '../../../collector/receive/calls/call-columns.ts';
import { CallReader } from '../../../collector/receive/calls/call-reader.ts';
import { type CallVisitor, QuickEvents } from '../../../collector/receive/calls/quick-events.ts';
import { SessionHash } from '../../../collector/receive/privacy.ts';
import { Settings } from '../../../collector/receive/settings.ts';

const hash = new SessionHash(Buffer.alloc(32, 7));
const near = new QuickEvents(new CallReader(new Settings(hash), () => false));
const far = new CallReader(new Settings(hash), () => true);

const call = (n: number, session: string): EventOf<'tool_call'> => ({
  kind: 'tool_call',
  id: `call-${n}`,
  time: '2026-11-21T09:30:16.500Z',
  server: `files-${n % 7}`,
  tool: `read-${n % 11}`,
  client: { name: `assistant-${n % 3}`, version: '1' },
  session: { id: session, type: 'chat' },
  trace_id: `trace-${n}`,
  outcome: n % 5 === 0 ? 'tool_error' : 'ok',
  duration_ms: n / 8,
});

/** Puts calls into parcels as they are read. */
function put(calls: readonly McpEvent[], parcelOf: (i: number) => Parcel): void {
  const visitor: CallVisitor = {
    event: (value) => {
      const bytes = Buffer.from(JSON.stringify(value));
      parcelOf(i).add(i, bytes, 0, bytes.length);
    },
    readCall: (columns, row) => parcelOf(i).addCall(i, columns, row),
  };
  let i = 0;
  for (; i < calls.length; i++) {
    const bytes = Buffer.from(JSON.stringify(calls[i]));
    expect(near.visit(bytes, 0, bytes.length, 1, visitor)).toBe(true);
  }
}

/** One way of a connection between two processes. */
class Wire {
  readonly #said = new Said();
  #heard = new Heard();
  asCalls = 0;
  asTexts = 0;

  send(parcel: Parcel): Buffer {
    const news = parcel.news(this.#said);
    const message = Buffer.alloc(parcel.mostBytes(news.length));
    return message.subarray(0, parcel.write(message, 0, news));
  }

  receive(message: Buffer): McpEvent[] {
    const { news, runs } = open(message);
    this.#heard = this.#heard.with(news, (setting) => far.settingFor(setting));
    const events: McpEvent[] = [];
    for (const { isCalls, bytes } of runs) {
      if (isCalls)
        this.#heard.visit(bytes, (columns: CallColumns, row) => {
          this.asCalls++;
          events.push(JSON.parse(JSON.stringify(columns.event(row))));
        });
      else
        for (const event of JSON.parse(bytes.toString())) {
          this.asTexts++;
          events.push({ ...event, session: { ...event.session, id: hash.of(event.session.id) } });
        }
    }
    return events;
  }
}

const asReceived = (event: EventOf<'tool_call'>) => ({
  ...event,
  session: { ...event.session, id: hash.of(event.session!.id) },
});

test('Calls come as they were sent and in their order, those that were read and those that were not', () => {
  const wire = new Wire();
  const calls = Array.from({ length: 3_000 }, (_, n) => ({
    ...call(n, `s-${n % 40}`),
    // What is not plain is sent as it was written.
    ...(n % 13 === 0 ? { error_message: 'an "odd" one' } : {}),
    ...(n % 3 === 0 ? { trace_id: 't'.repeat(1 + (n % 250)) } : {}),
  }));
  const parcel = new Parcel(1, 'native');
  put(calls, () => parcel);
  expect(wire.receive(wire.send(parcel))).toEqual(calls.map(asReceived));
  expect(parcel.indexes).toEqual(calls.map((_, n) => n));
  expect(wire.asCalls).toBeGreaterThan(2_000);
  expect(wire.asTexts).toBeGreaterThan(200);
});

test('Parcels that are filled at the same time and sent in another order keep their calls apart', () => {
  const wire = new Wire();
  for (let round = 0; round < 5; round++) {
    const calls = Array.from({ length: 2_000 }, (_, n) => call(n, `t-${round}-${n % 90}`));
    const parcels = [0, 1, 2].map(() => new Parcel(1, 'native'));
    put(calls, (i) => parcels[i % 3]!);
    const messages = [2, 0, 1].map((n) => [n, wire.send(parcels[n]!)] as const);
    for (const [n, message] of messages)
      expect(wire.receive(message)).toEqual(calls.filter((_, i) => i % 3 === n).map(asReceived));
  }
});

test('Both ends begin anew when they know as many sessions as they may', () => {
  const wire = new Wire();
  let anew = 0;
  for (let n = 0; n < 30_000; n += 1_000) {
    // A thousand new sessions, and some that have been heard of before.
    const calls = Array.from({ length: 1_100 }, (_, i) =>
      call(n + i, `u-${i < 1_000 ? n + i : (n * i) % (n + 1)}`),
    );
    const parcel = new Parcel(1, 'native');
    put(calls, () => parcel);
    const message = wire.send(parcel);
    const { news } = open(message);
    if (news !== '' && JSON.parse(news).anew) anew++;
    expect(wire.receive(message)).toEqual(calls.map(asReceived));
  }
  expect(anew).toBeGreaterThan(1);
});

test('Tools that senders invent are forgotten as sessions are, however few sessions call them', () => {
  const wire = new Wire();
  let anew = 0;
  for (let n = 0; n < 30_000; n += 1_000) {
    const calls = Array.from({ length: 1_000 }, (_, i) => ({ ...call(i, 'v'), tool: `invented-${n + i}` }));
    const parcel = new Parcel(1, 'native');
    put(calls, () => parcel);
    const message = wire.send(parcel);
    const { news } = open(message);
    if (JSON.parse(news).anew) anew++;
    expect(wire.receive(message)).toEqual(calls.map(asReceived));
  }
  expect(anew).toBeGreaterThan(1);
});
