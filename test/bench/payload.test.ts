/** What is measured has to be what real senders send: valid events, new ones each time, the same call in each format. */
import { expect, test } from 'vitest';
import { bodiesOf, encode } from '../../bench/payload/bodies.ts';
import { withNewIds } from '../../bench/payload/template.ts';
import { numbered, toolCalls } from '../../bench/payload/tool-call.ts';
import type { McpEvent } from '../../collector/catalogue/events.ts';
import { decodeTracesJson } from '../../collector/receive/otlp/json.ts';
import { decodeTraces, type Visit } from '../../collector/receive/otlp/protobuf.ts';
import type { TelemetryRecord } from '../../collector/receive/otlp/record.ts';
import { wantedKeys } from '../../collector/receive/sources/registry.ts';
import { faultOf } from '../../collector/receive/validate.ts';

const eventsIn = (body: Buffer): McpEvent[] => JSON.parse(body.toString());
const unique = (values: readonly unknown[]) => new Set(values).size;

test('events are valid and 623 bytes of JSON on average', () => {
  const next = toolCalls(Date.now(), numbered);
  const calls = Array.from({ length: 2_000 }, (_, n) => next(n));
  expect(calls.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  const bytes = calls.reduce((sum, call) => sum + JSON.stringify(call).length, 0) / calls.length;
  expect(Math.round(bytes)).toBe(623);
});

test('a body that is sent again has new ids, four calls to a trace, and nothing else changed', () => {
  const { templates } = bodiesOf({ format: 'json', eventsPerRequest: 8 });
  const [first, second] = [withNewIds(templates[0]!, 1, 0), withNewIds(templates[0]!, 1, 8)];
  const other = withNewIds(templates[0]!, 2, 0);
  const events = [first, second, other].flatMap(eventsIn);
  expect(unique(events.map(({ id }) => id))).toBe(24);
  expect(unique(events.map(({ trace_id }) => trace_id))).toBe(6);
  const withoutIds = (body: Buffer) => eventsIn(body).map((event) => ({ ...event, id: '', trace_id: '' }));
  expect(withoutIds(second)).toEqual(withoutIds(first));
});

test('as OTLP, protobuf and JSON hold the same spans, and both have their ids changed', () => {
  const decoded = (['otlp-protobuf', 'otlp-json'] as const).map((format) => {
    const { templates } = bodiesOf({ format, eventsPerRequest: 8 });
    const body = withNewIds(templates[0]!, 7, 8);
    const records: TelemetryRecord[] = [];
    const visit: Visit = (record) => records.push(record);
    if (format === 'otlp-json') decodeTracesJson(JSON.parse(body.toString()), wantedKeys, 100, visit);
    else decodeTraces(body, wantedKeys, 100, visit);
    return records.map(({ spanId, traceId, attributes }) => ({
      spanId,
      traceId,
      attributes: [...attributes],
    }));
  });
  expect(decoded[0]).toEqual(decoded[1]);
  expect(decoded[0]!.map(({ spanId }) => spanId)).toContain('000000070000000f');
  expect(unique(decoded[0]!.map(({ traceId }) => traceId))).toBe(2);
});

test('one export holds the spans of one server, and all exports those of twenty', () => {
  const servers = bodiesOf({ format: 'otlp-json', eventsPerRequest: 100 }).templates.map(({ bytes }) => {
    const sessions = new Set<string>();
    const seen: string[] = [];
    decodeTracesJson(JSON.parse(bytes.toString()), wantedKeys, 100, ({ resource, attributes }) => {
      seen.push(String(resource.get('service.name')));
      sessions.add(String(attributes.get('mcp.session.id')));
    });
    expect(seen.length).toBe(100);
    expect([...sessions].map((id) => Number.parseInt(id.slice(-12), 16) % 20)).toEqual(
      [...sessions].map(() => Number(/\d+/.exec(seen[0]!)![0])),
    );
    return seen[0];
  });
  expect(unique(servers)).toBe(20);
});

test('lines hold one event each', () => {
  const next = toolCalls(Date.now(), numbered);
  const lines = encode([next(0), next(1)], 'ndjson')
    .toString()
    .split('\n');
  expect(lines.map((line) => line !== '' && JSON.parse(line).kind)).toEqual([
    'tool_call',
    'tool_call',
    false,
  ]);
});
