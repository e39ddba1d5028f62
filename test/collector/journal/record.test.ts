import { expect, test } from 'vitest';
import {
  type EventOf,
  eventKinds,
  eventSchemas,
  type McpEvent,
  perspectives,
} from '../../../collector/catalogue/events.ts';
import { faults, outcomes } from '../../../collector/catalogue/labels.ts';
import { ByteReader, ByteWriter } from '../../../collector/journal/bytes.ts';
import { decodeRecord, encodeRecord } from '../../../collector/journal/record.ts';
import { faultOf } from '../../../collector/receive/validate.ts';
import { seeded } from '../../random.ts';

const receivedMs = Date.parse('2026-11-21T09:30:16.500Z');
const read = (events: McpEvent[]) =>
  decodeRecord(encodeRecord({ receivedMs, sourceKind: 'native', events })).events;

const full: EventOf<'tool_call'> = {
  kind: 'tool_call',
  id: 'e1',
  time: '2026-11-21T09:30:15.000Z',
  server: 'files',
  client: { name: 'desk', version: '1' },
  user: 'ada',
  session: { id: 'h', type: 'chat', origin: 'transport' },
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  source: '10.0.0.1',
  environment: 'production',
  tool: 'read',
  outcome: 'ok',
  fault: 'none',
  perspective: 'server',
  code: -32602,
  duration_ms: 12.5,
  request_bytes: 10,
  response_bytes: 20,
};

test('what stands in the events of a request, and only that, comes back from its record', () => {
  const batch = { receivedMs, sourceKind: 'agentgateway', events: [full, { ...full, id: 'e2' }] };
  expect(decodeRecord(encodeRecord(batch))).toEqual(batch);
  expect(decodeRecord(encodeRecord({ ...batch, events: [] }))).toEqual({ ...batch, events: [] });
});

test('every field of a call that the schema knows comes back, but for its payload', () => {
  const payload = ['arguments', 'result', 'error_message'];
  const kept = Object.keys(eventSchemas.tool_call.properties).filter((key) => !payload.includes(key));
  expect(Object.keys(full).toSorted()).toEqual(kept.toSorted());
  const secret = { arguments: { a: 'SECRET' }, result: 'SECRET', error_message: 'SECRET' };
  for (const time of [full.time, '2026-11-21T09:30:15Z', 'half a pair \ud800']) {
    const record = encodeRecord({ receivedMs, sourceKind: 'native', events: [{ ...full, ...secret, time }] });
    expect(record.includes('SECRET')).toBe(false);
    expect(decodeRecord(record).events).toEqual([{ ...full, time }]);
  }
});

test.each([
  '2026-11-21T09:30:15Z',
  '2026-11-21T10:30:15.123+01:00',
  '2026-11-21t09:30:15.123z',
  '2026-11-21T09:30:15.123456Z',
  '2016-12-31T23:59:60.000Z',
  '0000-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
])('a time comes back as its sender wrote it: %s', (time) => {
  expect(read([{ ...full, time }])).toEqual([{ ...full, time }]);
});

test.each([0, 1, 0.001, 0.0005, 1 / 3, 523.123, 604_800_000, 604_799_999.999, 1e-7])(
  'a duration of %d ms comes back to the last digit',
  (duration_ms) => expect(read([{ ...full, duration_ms }])).toEqual([{ ...full, duration_ms }]),
);

test('texts of any characters come back, half ones included', () => {
  for (const text of ['é', '漢字 🙂', '\ud800', 'a\u0000b', '\ufeff', '__proto__', '"\\']) {
    const event = { ...full, id: text, tool: text, user: text, server: text, trace_id: text };
    expect(read([full, event, full])).toEqual([full, event, full]);
  }
});

test('many made-up calls between events of other kinds come back in their order', () => {
  const next = seeded(20_261_121);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const others = eventKinds
    .filter((kind) => kind !== 'tool_call')
    .map((kind) => ({ kind, id: kind, time: full.time, server: 'files', trace_id: 'other' }) as McpEvent);
  const optional = ['client', 'user', 'session', 'trace_id', 'source', 'environment', 'fault', 'perspective'];
  const numbers = ['code', 'duration_ms', 'request_bytes', 'response_bytes'];
  const events = Array.from({ length: 3_000 }, (_, n): McpEvent => {
    if (next() < 0.1) return pick(others);
    const call: Record<string, unknown> = {
      ...structuredClone(full),
      id: `e${n}`,
      tool: pick(['read', 'write', 'sénd']),
      outcome: pick(outcomes),
      fault: pick(faults),
      perspective: pick(perspectives),
      user: pick(['ada', 'grace']),
      trace_id: pick(['t1', 't2', 't3']),
      code: pick([0, -1, 2_147_483_647, -2_147_483_648]),
      request_bytes: pick([0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 40]),
    };
    for (const key of [...optional, ...numbers]) if (next() < 0.3) delete call[key];
    expect(faultOf(call)).toBeUndefined();
    return call as McpEvent;
  });
  expect(read(events)).toEqual(events);
});

test('what calls share stands in a record once', () => {
  const calls = (count: number) => Array.from({ length: count }, (_, n) => ({ ...full, id: `e${n % 10}` }));
  const bytes = (count: number) =>
    encodeRecord({ receivedMs, sourceKind: 'native', events: calls(count) }).length;
  expect((bytes(1_010) - bytes(10)) / 1_000).toBeLessThan(30);
});

test('numbers come back from bytes, of either sign and any size', () => {
  const writer = new ByteWriter();
  const values = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52];
  const many = Array.from({ length: 10_000 }, () => values).flat();
  for (const value of many) writer.number(value);
  for (const value of values) writer.signed(-value);
  const bytes = Buffer.alloc(writer.length);
  writer.copy(bytes, 0);
  const reader = new ByteReader(bytes, 0);
  expect(many.map(() => reader.number())).toEqual(many);
  expect(values.map(() => -reader.signed() || 0)).toEqual(values);
  expect(() => reader.number()).toThrow(RangeError);
});
