/** `POST /v1/traces`, `/v1/logs` and `/v1/metrics`: OTLP/HTTP as its specification says, in protobuf and in JSON. */
import type { FastifyRequest } from 'fastify';
import { collectorIgnored } from '../../catalogue/collector-metrics.ts';
import type { McpEvent } from '../../catalogue/events.ts';
import type { CollectorLimits } from '../../config.ts';
import type { Claim } from '../in-flight.ts';
import type { Intake } from '../intake.ts';
import { BACKSLASH, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../json-bytes.ts';
import { malformed, overloaded, tooLarge } from '../refusal.ts';
import type { IngestServer } from '../server.ts';
import { RecordAdmission, type RecordsAnswer } from '../sources/admission.ts';
import { withBody } from '../sources/lines.ts';
import type { Normaliser } from '../sources/normalise.ts';
import type { Plan } from '../sources/record-reader.ts';
import { recognise, wantedKeys, wantedOfSpans } from '../sources/registry.ts';
import { isProtobuf, otlpDialect, type RejectedName, successBody } from './answer.ts';
import { decodeLogsJson, decodeTracesJson } from './json.ts';
import type { KeyTable } from './key-table.ts';
import { KnownSpans } from './known/known-spans.ts';
import { decodeLogs, decodeTraces, type TakeBytes, type Visit } from './protobuf.ts';
import { MalformedError, TooLargeError } from './record.ts';

interface Signal {
  readonly path: string;
  readonly request: string;
  readonly records: string;
  readonly rejectedName: RejectedName;
  readonly decode: typeof decodeTraces;
  readonly decodeJson: typeof decodeTracesJson;
  readonly keys: KeyTable;
}

const signals: readonly Signal[] = [
  {
    path: '/v1/traces',
    request: 'ExportTraceServiceRequest',
    records: 'spans',
    rejectedName: 'rejectedSpans',
    decode: decodeTraces,
    decodeJson: decodeTracesJson,
    keys: wantedOfSpans,
  },
  {
    path: '/v1/logs',
    request: 'ExportLogsServiceRequest',
    records: 'log records',
    rejectedName: 'rejectedLogRecords',
    decode: decodeLogs,
    decodeJson: decodeLogsJson,
    keys: wantedKeys,
  },
];

/** Memory of one object or array that JSON.parse makes, about: `{}` costs its sender two bytes. */
const CONTAINER_BYTES = 64;
const SENTENCES = 3;

export function registerOtlp(
  server: IngestServer,
  intake: Intake,
  normaliser: Normaliser,
  limits: CollectorLimits,
): void {
  const known = new KnownSpans(
    (setting) => intake.reader.settingFor(setting),
    (event) => intake.isOwn(event),
  );
  const learn = (event: McpEvent, plan: Plan) => known.learn(event, plan);
  for (const signal of signals) {
    const { path, records, rejectedName } = signal;
    server.post(
      path,
      async (body, request, reply, claim) => {
        const admission = new RecordAdmission(intake, normaliser, claim);
        const visit: Visit = (record) => {
          const whole = withBody(record, wantedKeys);
          admission.take(whole, recognise(whole), learn);
        };
        known.start();
        const take: TakeBytes = (from, to, origin) => known.take(body, from, to, origin, admission);
        const surplus = decodeBody(signal, body, request, claim, limits, visit, take);
        admission.rejectSurplus(
          surplus,
          `more than ${limits.eventsPerRequest} ${records} in one request: send fewer`,
        );
        const answer = await admission.commit();
        return successBody(
          request,
          reply,
          rejectedName,
          answer.rejectedTotal,
          partialMessage(records, answer),
        );
      },
      otlpDialect,
    );
  }
  // An exporter that is told "not found" logs an error for each export, so metrics are taken, counted and dropped.
  server.post(
    '/v1/metrics',
    async (_body, request, reply) => {
      intake.parts.instruments.inc(collectorIgnored, { reason: 'metric' });
      return successBody(request, reply, 'rejectedSpans', 0, '');
    },
    otlpDialect,
  );
}

/** Decodes the whole body before anything of it counts. The answer is the number of records beyond the limit. */
function decodeBody(
  { request: name, decode, decodeJson, keys }: Signal,
  body: Buffer,
  request: FastifyRequest,
  claim: Claim,
  limits: CollectorLimits,
  visit: Visit,
  take: TakeBytes,
): number {
  try {
    if (isProtobuf(request)) return decode(body, keys, limits.eventsPerRequest, visit, take);
    if (body.length === 0) return 0;
    holdContainers(body, claim, limits);
    return decodeJson(parse(body), keys, limits.eventsPerRequest, visit);
  } catch (error) {
    if (error instanceof MalformedError) throw malformed(`the body is not a valid ${name}: ${error.message}`);
    if (error instanceof TooLargeError) throw tooLarge(`${error.message}: send smaller ones`);
    throw error;
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // The parser's own message quotes the body.
    throw new MalformedError('it is not JSON');
  }
}

/** Holds the memory that parsing takes before parsing. What can never be held is too large, else it is not held now. */
function holdContainers(body: Buffer, claim: Claim, limits: CollectorLimits): void {
  const bytes = containersIn(body) * CONTAINER_BYTES;
  if (bytes + body.length > limits.bytesInFlight) {
    throw new TooLargeError('the body has too many objects and arrays');
  }
  if (!claim.add(bytes)) throw overloaded();
}

function containersIn(body: Buffer): number {
  let containers = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) {
      for (at++; at < body.length && body[at] !== QUOTE; at++) if (body[at] === BACKSLASH) at++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) containers++;
  }
  return containers;
}

/** What was wrong, in its first few different sentences. */
function partialMessage(records: string, { rejected, rejectedTotal }: RecordsAnswer): string {
  if (rejectedTotal === 0) return '';
  const sentences = [...new Set(rejected.map(({ error }) => error))].slice(0, SENTENCES);
  return `${rejectedTotal} ${records} rejected: ${sentences.join('; ')}`;
}
