/**
 * The recorded shapes of each source, and what they mean. A fixture writes a span, a log record or a line the short way;
 * here it becomes the request that its sender would send.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Json = Readonly<Record<string, unknown>>;

export interface FixtureCase {
  /** What it shows, in words. */
  readonly case: string;
  readonly span?: ShortRecord;
  readonly log?: ShortRecord;
  readonly line?: Json;
  /** Spans that came before. */
  readonly before?: readonly ShortRecord[];
  /** Tools that the collector knows, each with its server. */
  readonly knownTools?: readonly string[];
  /** The events, in order, by the fields that matter. */
  readonly events?: readonly Json[];
  /** Fields that the first event must not have. */
  readonly without?: readonly string[];
  /** Why there is no event. */
  readonly ignored?: string;
}

export interface ShortRecord {
  readonly scope: string;
  readonly resource: Json;
  readonly name: string;
  readonly kind?: number;
  readonly attributes: Json;
  readonly events?: readonly { readonly name: string; readonly attributes: Json }[];
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly flags?: number;
  readonly body?: string;
}

export const FIXTURES = join(import.meta.dirname, 'fixtures');

export const fixtures: readonly { readonly source: string; readonly cases: readonly FixtureCase[] }[] =
  readdirSync(FIXTURES).map((file) => JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')));

/** 2026-11-21T11:59:59 and what came before it, in nanoseconds. */
const END = 1_795_262_399_000_000_000n;
const TOOK = 250_000_000n;

function anyValue(value: unknown): Json {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return {};
}

const attributesOf = (attributes: Json) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

/** An ExportTraceServiceRequest with one span, as OTLP/JSON; `number` makes its ids its own. */
export function traceRequest(
  { scope, resource, attributes, events = [], ...span }: ShortRecord,
  number = 0,
): Json {
  const ids = {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: (number + 1).toString(16).padStart(16, '0'),
  };
  const times = { startTimeUnixNano: String(END - TOOK), endTimeUnixNano: String(END) };
  const spanEvents = events.map((event) => ({ ...event, attributes: attributesOf(event.attributes) }));
  const whole = { ...ids, ...times, ...span, attributes: attributesOf(attributes), events: spanEvents };
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: scope }, spans: [whole] }],
      },
    ],
  };
}

/** An ExportLogsServiceRequest with one record, as OTLP/JSON. */
export function logsRequest({ scope, resource, attributes, body = '', name }: ShortRecord): Json {
  const record = {
    timeUnixNano: String(END),
    eventName: name,
    body: { stringValue: body },
    attributes: attributesOf(attributes),
  };
  return {
    resourceLogs: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeLogs: [{ scope: { name: scope }, logRecords: [record] }],
      },
    ],
  };
}
