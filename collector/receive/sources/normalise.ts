/** Turns a telemetry record into the contract's events: the one place where that happens, for every source. */
import { createHash } from 'node:crypto';
import type { IgnoredReason } from '../../catalogue/collector-metrics.ts';
import type { McpEvent, Perspective } from '../../catalogue/events.ts';
import { UNKNOWN } from '../../catalogue/labels.ts';
import { SPAN_KIND, type TelemetryRecord } from '../otlp/record.ts';
import { callEvent, type Facts, factsOf, type Naming, verdictEvent } from './build.ts';
import { judge } from './outcome.ts';
import { read } from './read.ts';
import { type Plan, RecordReader } from './record-reader.ts';
import { HandlerIds, type SessionRef, sessionOf } from './session.ts';
import type { Reading, RecordKind, Source } from './source.ts';

export interface NormaliserOptions {
  /** Whether a server is known to have a tool. */
  readonly knowsTool: (server: string, tool: string) => boolean;
  /** Payloads nested deeper are only measured. */
  readonly jsonDepth: number;
}

/** What became of a record: events, or why there are none. `rejected` is a sentence for its sender. */
export type Normalised =
  | { readonly events: readonly McpEvent[] }
  | { readonly ignored: IgnoredReason }
  | { readonly rejected: string };

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
/** `00-<trace id>-<span id>-<flags>`, as W3C Trace Context has it. */
const TRACEPARENT_LENGTH = 55;
const LAST_TIME_MS = 8.64e15;
const ID_DIGITS = 32;

export class Normaliser {
  readonly #options: NormaliserOptions;
  readonly #handlerIds = new HandlerIds();

  constructor(options: NormaliserOptions) {
    this.#options = options;
  }

  /** `repeats` counts the equal records of one request, which without it would have the same id. */
  normalise(record: TelemetryRecord, plan: Plan, repeats: Map<string, number>): Normalised {
    const { source } = plan;
    const perspective = perspectiveOf(record, source);
    if (perspective === undefined) return { ignored: 'not_a_call' };
    const reader = new RecordReader(record, plan);
    const reading = read(reader, source);
    source.refine?.(reading, (key) => reader.get(key), record);
    const isCall = reading.method === 'tools/call' && reading.isCall;
    const startsSession = reading.method === 'initialize' && perspective !== 'client' && !reading.failed;
    if (!isCall && !startsSession && reading.verdicts.length === 0) {
      return { ignored: reading.method === undefined ? 'not_mcp' : 'not_a_call' };
    }
    if (isCall && !reading.tool) return { rejected: 'a tools/call needs the name of its tool' };
    if (!(reading.timeMs > 0 && reading.timeMs < LAST_TIME_MS))
      return { rejected: 'a record needs its time' };
    const traceId = traceIdOf(reader);
    const id = idOf(reader, source, traceId, repeats);
    if (id === undefined) return { rejected: 'a span needs a trace id of 16 bytes and a span id of 8 bytes' };

    const naming = namingOf(reader, reading, perspective);
    const session = this.#sessionOf(reader, reading, source, naming);
    const facts = factsOf(reading, naming, session, traceId);
    if (startsSession) {
      if (session?.origin !== 'transport') return { ignored: 'not_a_call' };
      return { events: [{ kind: 'session_start', id, ...facts }] };
    }
    return { events: this.#events(id, facts, perspective, reader, reading, source) };
  }

  #events(
    id: string,
    facts: Facts,
    perspective: Perspective,
    reader: RecordReader,
    reading: Reading,
    source: Source,
  ): McpEvent[] {
    const knowsTool = () => this.#options.knowsTool(facts.server, reading.tool ?? UNKNOWN);
    const { outcome, fault, verdicts } = judge(reading, source, knowsTool);
    const events: McpEvent[] = verdicts.map((verdict, i) =>
      verdictEvent(`${id}:${verdict.kind}:${i}`, facts, reading.tool || UNKNOWN, verdict),
    );
    if (reading.method === 'tools/call' && reading.isCall) {
      const meaning = { outcome, fault };
      events.unshift(callEvent(id, facts, perspective, meaning, reader, reading, this.#options.jsonDepth));
    }
    return events;
  }

  #sessionOf(
    reader: RecordReader,
    { method, user, address }: Reading,
    source: Source,
    { clientName }: Naming,
  ): SessionRef | undefined {
    const { record } = reader;
    let sessionId = reader.text('session');
    if (sessionId !== undefined && source.sessionIdPerHandler) {
      const known = this.#handlerIds.isSession(sessionId);
      if (method === 'initialize') this.#handlerIds.initialize(sessionId);
      if (!known) sessionId = undefined;
    }
    // A parent in another process, or of unknown place, is the caller's; without one the trace is the call's own.
    const propagated = record.hasParent && record.parentIsRemote !== false;
    return sessionOf({
      sessionId,
      protocolVersion: reader.text('protocolVersion'),
      conversation: reader.text('conversation'),
      callersTrace: propagated && isTraceId(record.traceId) ? record.traceId : undefined,
      user,
      client: clientName,
      address,
    });
  }
}

/** The perspective that a source's record of this kind has; undefined when such a record is no call of its own. */
function perspectiveOf({ signal, kind, name }: TelemetryRecord, source: Source): Perspective | undefined {
  if (signal !== 'span') return source.perspective[signal];
  const ofKind: RecordKind | undefined = recordKinds.get(kind);
  if (ofKind === 'internal' && source.internalSpans && !source.internalSpans.test(name)) return undefined;
  return ofKind && source.perspective[ofKind];
}

/** A span without a kind is an internal one. */
const recordKinds = new Map<number, RecordKind>([
  [SPAN_KIND.unspecified, 'internal'],
  [SPAN_KIND.internal, 'internal'],
  [SPAN_KIND.server, 'server'],
  [SPAN_KIND.client, 'client'],
]);

/**
 * Who called whom. A server's and a gateway's process is the server if the record names none; a client's process is
 * the client.
 */
function namingOf(reader: RecordReader, reading: Reading, perspective: Perspective): Naming {
  const service = reader.get('service.name');
  const isClient = perspective === 'client';
  return {
    server: reading.server || (isClient ? undefined : service) || UNKNOWN,
    clientName: reading.clientName ?? (isClient ? service : undefined),
    environment: reader.text('environment'),
  };
}

/** Whether a text is so many lower-case hex digits, of which not all are zeros. */
function isHexOf(digits: number, text: string): boolean {
  if (text.length !== digits) return false;
  let isZero = true;
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i);
    const isDigit = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (!isDigit) return false;
    if (code !== 0x30) isZero = false;
  }
  return !isZero;
}

/** Of the last record that had one: records of a trace often stand behind each other, and share the text. */
let lastTraceId = '';

function isTraceId(text: string): boolean {
  if (text === lastTraceId) return text !== '';
  if (!isHexOf(TRACE_ID_DIGITS, text)) return false;
  lastTraceId = text;
  return true;
}

/** The trace's id: the record's, or the one its attributes hold, as lower-case hex; undefined when it is none. */
function traceIdOf(reader: RecordReader): string | undefined {
  const own = reader.record.traceId;
  if (isTraceId(own)) return own;
  const [, ofParent] = reader.text('traceparent')?.slice(0, TRACEPARENT_LENGTH).split('-') ?? [];
  const told = own || reader.text('traceId') || ofParent;
  const id = told?.slice(0, TRACEPARENT_LENGTH).toLowerCase().replaceAll('-', '');
  return id !== undefined && isTraceId(id) ? id : undefined;
}

/**
 * The id by which a record's repetition is told. Spans have one. Logs have none, so theirs is a hash of what was read
 * of them and of how many equal ones the request had before: a repeated request gives the same ids, and equal lines of
 * one request count each.
 */
function idOf(
  reader: RecordReader,
  source: Source,
  traceId: string | undefined,
  repeats: Map<string, number>,
): string | undefined {
  const { record } = reader;
  const spanId = (record.spanId || (source.idFromSpan ? reader.text('spanId') : undefined))?.toLowerCase();
  if (record.signal === 'span' || source.idFromSpan) {
    if (traceId !== undefined && spanId !== undefined && isHexOf(SPAN_ID_DIGITS, spanId))
      return `${traceId}:${spanId}`;
    if (record.signal === 'span') return undefined;
  }
  const { scope, name, timeMs, attributes, body } = record;
  const content = JSON.stringify(
    [source.name, scope, name, traceId, spanId, timeMs, attributes, body],
    entriesOfMaps,
  );
  const hash = createHash('sha256').update(content).digest('hex').slice(0, ID_DIGITS);
  const before = repeats.get(hash) ?? 0;
  repeats.set(hash, before + 1);
  return `${source.name}:${hash}:${before}`;
}

const entriesOfMaps = (_key: string, value: unknown) => (value instanceof Map ? [...value] : value);
