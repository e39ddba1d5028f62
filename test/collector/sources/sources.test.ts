import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { capabilities } from '../../../collector/catalogue/labels.ts';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/receive/otlp/json.ts';
import { decodeLogs, decodeTraces } from '../../../collector/receive/otlp/protobuf.ts';
import type { TelemetryRecord } from '../../../collector/receive/otlp/record.ts';
import { lineRecord, withBody } from '../../../collector/receive/sources/lines.ts';
import { type Normalised, Normaliser } from '../../../collector/receive/sources/normalise.ts';
import {
  capabilitiesBySource,
  linesPlan,
  recognise,
  sources,
  wantedKeys,
} from '../../../collector/receive/sources/registry.ts';
import { faultOf } from '../../../collector/receive/validate.ts';
import { LogsRequest, TraceRequest } from '../otlp/reference.ts';
import { toProtobuf } from '../otlp/to-protobuf.ts';
import {
  type FixtureCase,
  fixtures,
  type Json,
  logsRequest,
  type ShortRecord,
  traceRequest,
} from './fixtures.ts';

const root = resolve(import.meta.dirname, '../../..');
const JSON_DEPTH = 64;

function records(decode: (visit: (record: TelemetryRecord) => void) => number): TelemetryRecord[] {
  const visited: TelemetryRecord[] = [];
  decode((record) => visited.push(record));
  return visited.map((record) => withBody(record, wantedKeys));
}

/** The one record of a span or a log, which must be the same in both encodings. */
function decoded({ span, log }: { span?: ShortRecord; log?: ShortRecord }, number = 0): TelemetryRecord {
  const request = span ? traceRequest(span, number) : logsRequest(log!);
  const bytes = toProtobuf(span ? TraceRequest : LogsRequest, request);
  const [decodeBytes, decodeJson] = span ? [decodeTraces, decodeTracesJson] : [decodeLogs, decodeLogsJson];
  const [fromBytes] = records((visit) => decodeBytes(bytes, wantedKeys, 1, visit));
  const [fromJson] = records((visit) =>
    decodeJson(JSON.parse(JSON.stringify(request)), wantedKeys, 1, visit),
  );
  expect(fromBytes).toEqual(fromJson);
  return fromBytes!;
}

/** What becomes of a fixture's record, and of which source it is found to be. */
function outcomeOf(
  source: string,
  { line, knownTools = [], before = [], ...fixture }: FixtureCase,
): Normalised[] {
  const knowsTool = (server: string, tool: string) => knownTools.includes(`${server}/${tool}`);
  const normaliser = new Normaliser({ knowsTool, jsonDepth: JSON_DEPTH });
  const repeats = new Map<string, number>();
  if (line) {
    const plan = linesPlan(source)!;
    const lines = plan.source.split?.(line) ?? [line];
    return lines.map((one) => normaliser.normalise(lineRecord(one, wantedKeys), plan, repeats));
  }
  before.forEach((span, i) => {
    const record = decoded({ span }, i + 1);
    normaliser.normalise(record, recognise(record)!, repeats);
  });
  const record = decoded(fixture);
  const plan = recognise(record);
  if (!plan) return [{ ignored: 'not_mcp' }];
  expect(plan.source.name).toBe(source);
  return [normaliser.normalise(record, plan, repeats)];
}

const eventsOf = (outcomes: Normalised[]) =>
  outcomes.flatMap((outcome) => ('events' in outcome ? (outcome.events as McpEvent[]) : []));

describe.each(fixtures)('$source', ({ source, cases }) => {
  test.each(cases.filter(({ events }) => events))(
    '$case',
    ({ events: expected = [], without = [], ...fixture }) => {
      const events = eventsOf(outcomeOf(source, fixture as FixtureCase));
      expect(events.map(({ kind }) => kind)).toEqual(expected.map(({ kind }) => kind));
      events.forEach((event, i) => {
        expect(event).toMatchObject(expected[i] as Json);
        expect(faultOf(event), 'the event is one that the collector takes').toBeUndefined();
      });
      for (const field of without) expect(events[0]).not.toHaveProperty(field);
      expect(new Set(events.map(({ id }) => id)).size, 'ids differ').toBe(events.length);
      expect(JSON.stringify(events)).not.toContain('SECRET');
    },
  );

  test.each(cases.filter(({ ignored }) => ignored))('$case: no event', ({ ignored, ...fixture }) => {
    for (const outcome of outcomeOf(source, fixture as FixtureCase)) expect(outcome).toEqual({ ignored });
  });
});

describe('every source', () => {
  test.each(sources.map(({ name }) => name))('%s has a fixture with calls or decisions', (name) => {
    const fixture = fixtures.find(({ source }) => source === name);
    expect(fixture?.cases.filter(({ events = [] }) => events.length > 0).length).toBeGreaterThanOrEqual(3);
  });

  test.each(sources.map(({ name, title }) => [name, title]))(
    '%s has a page in the table of pages',
    (name, title) => {
      const page = readFileSync(join(root, 'docs/sources', `${name}.md`), 'utf8');
      expect(page.startsWith(`# ${title}\n`)).toBe(true);
      for (const heading of ['## Configuration', '## What it shows', '## What it cannot show']) {
        expect(page).toContain(`\n${heading}\n`);
      }
      expect(page).toMatch(/```\w+\n/);
      expect(readFileSync(join(root, 'docs/sources/README.md'), 'utf8')).toContain(`(${name}.md)`);
    },
  );

  test('stands in the table of what is observable as its file says', () => {
    const columns = capabilities.filter((capability) => capability !== 'tool_lists');
    const table = readFileSync(join(root, 'docs/sources/README.md'), 'utf8');
    for (const { name, sees } of sources) {
      const row = table.split('\n').find((line) => line.startsWith('|') && line.includes(`(${name}.md)`));
      const marks = row
        ?.split('|')
        .slice(3, -1)
        .map((cell) => cell.trim());
      expect(marks, name).toEqual(columns.map((capability) => (sees.includes(capability) ? '●' : '–')));
    }
  });

  test('has a name of its own that can be a label, and says what it sees', () => {
    expect(new Set(sources.map(({ name }) => name)).size).toBe(sources.length);
    for (const { name, sees } of sources) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(sees.length).toBeGreaterThan(0);
      for (const capability of sees) expect(capabilities).toContain(capability);
      expect(capabilitiesBySource.get(name)).toBe(sees);
    }
  });

  test('shows no more in its fixtures than it says it sees', () => {
    for (const { source, cases } of fixtures) {
      const sees = new Set(capabilitiesBySource.get(source));
      for (const fixture of cases) {
        for (const event of eventsOf(outcomeOf(source, fixture))) {
          if (event.kind === 'policy_decision' && event.policy !== 'hidden')
            expect([source, ...sees]).toContain('policy_decisions');
          if (event.kind === 'dlp_block') expect([source, ...sees]).toContain('dlp_blocks');
          if (event.kind === 'tool_call' && event.outcome === 'tool_error')
            expect([source, ...sees]).toContain('tool_errors');
          if (event.session?.origin === 'transport') expect([source, ...sees]).toContain('sessions');
          if (event.user !== undefined) expect([source, ...sees]).toContain('users');
        }
      }
    }
  });
});
