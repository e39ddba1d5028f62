import { describe, expect, test } from 'vitest';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/receive/otlp/json.ts';
import type { TelemetryRecord } from '../../../collector/receive/otlp/record.ts';
import { lineRecord, withBody } from '../../../collector/receive/sources/lines.ts';
import { type Normalised, Normaliser } from '../../../collector/receive/sources/normalise.ts';
import {
  lineSources,
  linesPlan,
  recognise,
  sources,
  wantedKeys,
} from '../../../collector/receive/sources/registry.ts';
import { faultOf } from '../../../collector/receive/validate.ts';
import { fixtures, type Json, logsRequest, type ShortRecord, traceRequest } from './fixtures.ts';

const LONG = 300_000;
/** Texts that make careless expressions run for minutes or careless code fail. */
const hostile = [
  'tool '.repeat(LONG / 5),
  `mcp${'__'.repeat(LONG / 2)}\n`,
  '-'.repeat(LONG),
  ' '.repeat(LONG),
  '1'.repeat(LONG),
  `${'('.repeat(LONG)}/`,
  '['.repeat(LONG),
  '{"a":'.repeat(50_000),
  `=?base64?${'A'.repeat(LONG)}`,
  'x'.repeat(LONG),
  '\ud800'.repeat(1_000),
  '__proto__',
  '\u0000\u0001\u202e',
];
const normaliser = () => new Normaliser({ knowsTool: () => true, jsonDepth: 64 });

function normalised(record: TelemetryRecord): Normalised | undefined {
  const whole = withBody(record, wantedKeys);
  const plan = recognise(whole);
  return plan && normaliser().normalise(whole, plan, new Map());
}

function recordsOf({ span, log }: { span?: ShortRecord; log?: ShortRecord }): TelemetryRecord[] {
  const records: TelemetryRecord[] = [];
  const [decode, request] = span
    ? ([decodeTracesJson, traceRequest(span)] as const)
    : ([decodeLogsJson, logsRequest(log!)] as const);
  decode(request, wantedKeys, 10, (record) => records.push(record));
  return records;
}

/** The object with each of its texts replaced in turn. */
function* variants(object: Json, text: string): Generator<Json> {
  for (const [key, value] of Object.entries(object)) {
    if (typeof value === 'string') yield { ...object, [key]: text };
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const inner of variants(value as Json, text)) yield { ...object, [key]: inner };
    }
  }
}

function expectSound(outcome: Normalised | undefined): void {
  if (!outcome || !('events' in outcome)) return;
  for (const event of outcome.events) {
    expect(faultOf(event)).toBeUndefined();
    expect(event.id.length).toBeLessThan(256);
  }
}

describe('hostile texts in place of any text of a fixture', () => {
  test.each(sources.map(({ name }) => name))('%s makes of them events that the collector takes', (name) => {
    const fixture = fixtures
      .find(({ source }) => source === name)!
      .cases.find(({ events = [] }) => events.length > 0)!;
    for (const text of hostile) {
      if (fixture.line) {
        const plan = linesPlan(name)!;
        for (const line of variants(fixture.line, text)) {
          for (const one of plan.source.split?.(line) ?? [line]) {
            expectSound(normaliser().normalise(lineRecord(one, wantedKeys), plan, new Map()));
          }
        }
        continue;
      }
      const { span, log } = fixture;
      for (const short of variants((span ?? log) as unknown as Json, text)) {
        const changed = short as unknown as ShortRecord;
        for (const record of recordsOf(span ? { span: changed } : { log: changed }))
          expectSound(normalised(record));
      }
    }
  });

  test('a long name around many fields costs what it weighs, and not its length for each', () => {
    const fields = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`k${i}`, 1]));
    const line = JSON.parse(JSON.stringify({ ['x'.repeat(16_000)]: fields }));
    for (let i = 0; i < 500; i++) expect(lineRecord(line, wantedKeys).attributes.size).toBe(0);
  });

  test('lines that are anything but a call of a known form make no event and no fault', () => {
    const odd: Json[] = [
      {},
      { ai: 1 },
      { ai: { mcp: { rpc: 'x', audit: [null, 1, []] } } },
      { guardrail_information: { a: 1 }, call_type: 'call_mcp_tool' },
      { 'allow-why-false': 'x', allow: [], 'mcp-method': {} },
      { outcome: {}, type: [], target: 'x' },
      JSON.parse('{"__proto__":{"method":"tools/call"},"constructor":{"prototype":{}}}'),
    ];
    for (const name of lineSources) {
      const plan = linesPlan(name)!;
      for (const line of odd) {
        for (const one of plan.source.split?.(line) ?? [line]) {
          expect(normaliser().normalise(lineRecord(one, wantedKeys), plan, new Map())).not.toHaveProperty(
            'events',
          );
        }
      }
    }
  });
});
