import { describe, expect, test } from 'vitest';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/receive/otlp/json.ts';
import { KeyTable } from '../../../collector/receive/otlp/key-table.ts';
import { decodeLogs, decodeTraces } from '../../../collector/receive/otlp/protobuf.ts';
import {
  MalformedError,
  type TelemetryRecord,
  TooLargeError,
} from '../../../collector/receive/otlp/record.ts';
import { millisecondsBetween, millisecondsOf } from '../../../collector/receive/otlp/wire.ts';
import { Generator } from './generate.ts';
import { attributeList, LogsRequest, referenceLogs, referenceTraces, TraceRequest } from './reference.ts';
import { toProtobuf } from './to-protobuf.ts';

const wanted = ['mcp.method.name', 'gen_ai.tool.name', 'error.type', 'a', '__proto__'];
const unwanted = ['http.route', 'mcp.method.nama', 'b', ''];
const keys = new KeyTable(wanted);
const wantedSet = new Set(wanted);
const everyKey = [...wanted, ...unwanted];

function collect(decode: (visit: (record: TelemetryRecord) => void) => number): TelemetryRecord[] {
  const records: TelemetryRecord[] = [];
  expect(decode((record) => records.push(record))).toBe(0);
  return records;
}
const traces = (bytes: Buffer) => collect((visit) => decodeTraces(bytes, keys, 1_000, visit));
const logs = (bytes: Buffer) => collect((visit) => decodeLogs(bytes, keys, 1_000, visit));
const tracesJson = (json: unknown) => collect((visit) => decodeTracesJson(json, keys, 1_000, visit));
const logsJson = (json: unknown) => collect((visit) => decodeLogsJson(json, keys, 1_000, visit));

/** JSON that went over the wire. */
const sent = (json: unknown) => JSON.parse(JSON.stringify(json));

describe('the protobuf decoder reads what protobufjs reads', () => {
  test('in 2,000 generated trace requests, and the JSON decoder reads the same', () => {
    const generator = new Generator(1);
    for (let i = 0; i < 2_000; i++) {
      const json = generator.traces(everyKey);
      const bytes = toProtobuf(TraceRequest, json);
      const records = traces(bytes);
      expect(records).toEqual(referenceTraces(bytes, wantedSet));
      expect(tracesJson(sent(json))).toEqual(records);
    }
  });

  test('in 2,000 generated log requests, and the JSON decoder reads the same', () => {
    const generator = new Generator(2);
    for (let i = 0; i < 2_000; i++) {
      const json = generator.logs(everyKey);
      const bytes = toProtobuf(LogsRequest, json);
      const records = logs(bytes);
      expect(records).toEqual(referenceLogs(bytes, wantedSet));
      expect(logsJson(sent(json))).toEqual(records);
    }
  });
});

describe('damaged requests', () => {
  /** Why our decoder alone may refuse: protobufjs passes over a field of the wrong wire type as if it were unknown. */
  const stricter = /wrong wire type/;

  test.each([
    ['traces', 3, TraceRequest, (g: Generator) => g.traces(everyKey), decodeTraces, referenceTraces],
    ['logs', 4, LogsRequest, (g: Generator) => g.logs(everyKey), decodeLogs, referenceLogs],
  ] as const)(
    'of %s: 10,000 are read as protobufjs reads them, or refused',
    (_, seed, type, make, decode, reference) => {
      const generator = new Generator(seed);
      const seen = { same: 0, refusedByBoth: 0, refusedByUs: 0, skippedByUs: 0 };
      for (let i = 0; i < 10_000; i++) {
        const bytes = generator.damage(toProtobuf(type, make(generator)));
        const ours = attempt(() => collect((visit) => decode(bytes, keys, 1_000, visit)));
        const theirs = attempt(() => reference(bytes, wantedSet));
        if (ours instanceof Error) {
          expect(ours.constructor).toBe(MalformedError);
          if (!(theirs instanceof Error)) expect(ours.message).toMatch(stricter);
          seen[theirs instanceof Error ? 'refusedByBoth' : 'refusedByUs']++;
        } else if (theirs instanceof Error) {
          // The damage is in what we skip unread, or in a text, where we put U+FFFD for what is no UTF-8.
          seen.skippedByUs++;
        } else {
          expect(ours).toEqual(theirs);
          seen.same++;
        }
      }
      expect(seen.same).toBeGreaterThan(2_000);
      expect(seen.refusedByBoth).toBeGreaterThan(2_000);
      expect(seen.refusedByUs + seen.skippedByUs).toBeLessThan(800);
    },
  );
});

function attempt<T>(act: () => T): T | Error {
  try {
    return act();
  } catch (error) {
    return error as Error;
  }
}

describe('the protobuf decoder', () => {
  const span = Buffer.from('0a0012001a0022002a00', 'hex');
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const inRequest = (record: Buffer) => field(1, field(2, field(2, record)));

  test.each([
    ['a length beyond the message', '0a05', 'truncated'],
    ['a length beyond the parent, within the body', '0a021205000000', 'truncated'],
    ['a cut varint', '0aff', 'truncated'],
    ['a varint without end', `78${'ff'.repeat(11)}`, 'more than ten bytes'],
    ['a length of more than 32 bits', '0affffffffff01', 'more than 32 bits'],
    ['field number 0', '0200', 'number 0'],
    ['a group', '7b7c', 'wire type 3'],
    ['wire type 7', '7f', 'wire type 7'],
    ['JSON', Buffer.from('{"resourceSpans":[]}').toString('hex'), ''],
  ])('refuses %s', (_, hex, why) => {
    const act = () => decodeTraces(Buffer.from(hex, 'hex'), keys, 10, () => {});
    expect(act).toThrow(MalformedError);
    expect(act).toThrow(why);
  });

  test('refuses a known field of the wrong wire type, and passes over unknown fields of any', () => {
    expect(() => traces(inRequest(Buffer.from('0801', 'hex')))).toThrow('wrong wire type');
    const unknown = Buffer.from('98068080800199060000000000000000a20600ad0600000000', 'hex');
    expect(traces(inRequest(Buffer.concat([unknown, span])))).toHaveLength(1);
  });

  test('reads what records share also where it stands behind them', () => {
    const attribute = (key: string, value: string) =>
      field(1, Buffer.concat([field(1, Buffer.from(key)), field(2, field(1, Buffer.from(value)))]));
    const scope = field(1, field(1, Buffer.from('fastmcp')));
    const scopeSpans = field(2, Buffer.concat([field(2, span), scope]));
    const resource = field(1, attribute('a', 'x'));
    const [record] = traces(field(1, Buffer.concat([scopeSpans, resource])));
    expect(record).toMatchObject({ scope: 'fastmcp', resource: attributeList([['a', 'x']]) });
  });

  test('reads a value that stands before its key', () => {
    const keyValue = Buffer.concat([field(2, field(1, Buffer.from('x'))), field(1, Buffer.from('a'))]);
    expect(traces(inRequest(field(9, keyValue)))[0]!.attributes).toEqual(attributeList([['a', 'x']]));
  });

  test('tells times exactly to the millisecond over all 64 bits, and durations to the nanosecond', () => {
    const generator = new Generator(5);
    for (let i = 0; i < 5_000; i++) {
      const nanoseconds = BigInt(generator.nanoseconds());
      const low = Number(nanoseconds & 0xffff_ffffn);
      const high = Number(nanoseconds >> 32n);
      expect(millisecondsOf(low, high)).toBe(Number(nanoseconds / 1_000_000n));
    }
    expect(millisecondsBetween(0xffff_ffff, 1, 0, 2)).toBe(1e-6);
    expect(millisecondsBetween(0, 2, 0xffff_ffff, 1)).toBe(-1e-6);
  });

  test('visits as many records as it may and counts the others', () => {
    const body = field(1, field(2, Buffer.concat(Array.from({ length: 7 }, () => field(2, span)))));
    let visited = 0;
    expect(decodeTraces(body, keys, 5, () => visited++)).toBe(2);
    expect(visited).toBe(5);
  });
});

describe('bounds on values, in both encodings', () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 0 ? { intValue: '1' } : { arrayValue: { values: [nested(depth - 1)] } };
  const request = (value: unknown, key = 'a') => ({
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key, value }] }] }] }],
  });
  const both = [
    (json: object) => traces(toProtobuf(TraceRequest, json)),
    (json: object) => tracesJson(sent(json)),
  ];

  test.each(both)('a value may be nested 16 deep and no deeper, unless nobody wants it', (read) => {
    expect(read(request(nested(16)))).toHaveLength(1);
    expect(() => read(request(nested(17)))).toThrow(MalformedError);
    expect(read(request(nested(17), 'b'))).toHaveLength(1);
  });

  test.each(both)('a record may have 10,000 values and no more', (read) => {
    const wide = (length: number) =>
      request({ arrayValue: { values: Array(length).fill({ boolValue: true }) } });
    expect(read(wide(9_999))).toHaveLength(1);
    expect(() => read(wide(10_000))).toThrow(TooLargeError);
  });
});

describe('the JSON decoder', () => {
  const span = (fields: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] });
  const value = (any: object) =>
    tracesJson(span({ attributes: [{ key: 'a', value: any }] }))[0]!.attributes.get('a');

  test('takes 64-bit numbers as digits or as numbers, and ids in either case', () => {
    const [record] = tracesJson(
      span({ traceId: 'ABCDEF', startTimeUnixNano: 1_000_000, endTimeUnixNano: '3500000' }),
    );
    expect(record).toMatchObject({ traceId: 'abcdef', timeMs: 3, durationMs: 2.5 });
    expect([
      value({ intValue: 7 }),
      value({ intValue: '-7' }),
      value({ intValue: '9007199254740993' }),
    ]).toEqual([7, -7, '9007199254740993']);
  });

  test('takes absent and null for the default, and leaves out what it does not know', () => {
    const [record] = tracesJson({
      ...span({ kind: null, status: null, trace_id: 'x', droppedLinks: {} }),
      other: 1,
    });
    expect(record).toMatchObject({ kind: 0, status: 0, traceId: '', timeMs: 0, durationMs: undefined });
    expect(tracesJson({})).toEqual([]);
    expect(tracesJson(null)).toEqual([]);
  });

  test.each([
    ['[]', 'the request must be an object'],
    ['"x"', 'the request must be an object'],
    ['{"resourceSpans":{}}', 'resourceSpans must be an array'],
    ['{"resourceSpans":[1]}', 'resourceSpans must be an object'],
    [JSON.stringify(span({ kind: 'SPAN_KIND_SERVER' })), 'kind must be an integer'],
    [JSON.stringify(span({ kind: 1.5 })), 'kind must be an integer'],
    [JSON.stringify(span({ name: 1 })), 'name must be a string'],
    [JSON.stringify(span({ startTimeUnixNano: '-1' })), 'startTimeUnixNano must be nanoseconds'],
    [
      JSON.stringify(span({ endTimeUnixNano: '18446744073709551616' })),
      'endTimeUnixNano must be nanoseconds',
    ],
    [
      JSON.stringify(span({ attributes: [{ key: 'a', value: { intValue: '9223372036854775808' } }] })),
      'intValue must be',
    ],
    [
      JSON.stringify(span({ attributes: [{ key: 'a', value: { boolValue: 'true' } }] })),
      'boolValue must be true or false',
    ],
    [
      JSON.stringify(span({ attributes: [{ key: 'a', value: { doubleValue: '__proto__' } }] })),
      'doubleValue must be a number',
    ],
    [JSON.stringify(span({ attributes: [{ key: 'a', value: 'x' }] })), 'value must be an object'],
  ])('refuses %s', (text, why) => {
    expect(() => tracesJson(JSON.parse(text))).toThrow(MalformedError);
    expect(() => tracesJson(JSON.parse(text))).toThrow(why);
  });
});
