import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/receive/otlp/json.ts';
import { decodeLogs, decodeTraces, type Visit } from '../../../collector/receive/otlp/protobuf.ts';
import { MalformedError, TooLargeError } from '../../../collector/receive/otlp/record.ts';
import { withBody } from '../../../collector/receive/sources/lines.ts';
import { Normaliser } from '../../../collector/receive/sources/normalise.ts';
import { recognise, wantedKeys } from '../../../collector/receive/sources/registry.ts';
import { faultOf } from '../../../collector/receive/validate.ts';
import { RunningCollector } from '../running.ts';
import { fixtures, logsRequest, traceRequest } from '../sources/fixtures.ts';
import { Generator } from './generate.ts';
import { LogsRequest, RpcStatus, TraceRequest } from './reference.ts';
import { toProtobuf } from './to-protobuf.ts';

const SEED = 20_261_121;
const IN_PROCESS = 100_000;
const OVER_HTTP = 3_000;

interface Payload {
  readonly signal: 'traces' | 'logs';
  readonly isJson: boolean;
  readonly bytes: Buffer;
}

/** Every span and log record of the fixtures, and generated ones, in both encodings. */
const payloads: Payload[] = [];
{
  const generator = new Generator(SEED);
  const keys = ['mcp.method.name', 'gen_ai.tool.name', 'error.type', 'mcp.session.id', 'http.route'];
  const requests = [
    ...fixtures.flatMap(({ cases }) =>
      cases.flatMap(({ span }) => (span ? [['traces', traceRequest(span)] as const] : [])),
    ),
    ...fixtures.flatMap(({ cases }) =>
      cases.flatMap(({ log }) => (log ? [['logs', logsRequest(log)] as const] : [])),
    ),
    ...Array.from({ length: 60 }, () => ['traces', generator.traces(keys)] as const),
    ...Array.from({ length: 60 }, () => ['logs', generator.logs(keys)] as const),
  ];
  for (const [signal, request] of requests) {
    const type = signal === 'traces' ? TraceRequest : LogsRequest;
    payloads.push({ signal, isJson: false, bytes: toProtobuf(type, request) });
    payloads.push({ signal, isJson: true, bytes: Buffer.from(JSON.stringify(request)) });
  }
}

const damagedOf = (generator: Generator, { isJson, bytes }: Payload) =>
  isJson && generator.chance(0.7) ? generator.scramble(bytes) : generator.damage(bytes);

/** Frees all that is unreachable and tells what is left, in bytes. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('damaged OTLP requests', () => {
  test(`${IN_PROCESS.toLocaleString('en')} of them become events that the collector takes, or are refused for a reason`, () => {
    const generator = new Generator(SEED);
    const normaliser = new Normaliser({ knowsTool: () => generator.chance(0.5), jsonDepth: 64 });
    const seen = { malformed: 0, records: 0, events: 0, rejected: 0, ignored: 0 };
    const repeats = new Map<string, number>();
    const visit: Visit = (record) => {
      seen.records++;
      const whole = withBody(record, wantedKeys);
      const plan = recognise(whole);
      if (!plan) return;
      const normalised = normaliser.normalise(whole, plan, repeats);
      if ('rejected' in normalised) seen.rejected++;
      else if ('ignored' in normalised) seen.ignored++;
      else {
        for (const event of normalised.events) {
          const fault = faultOf(event);
          if (fault !== undefined) throw new Error(`${fault} in ${JSON.stringify(event)}`);
          seen.events++;
        }
      }
    };
    let before = 0;
    for (let i = 0; i < IN_PROCESS; i++) {
      if (i === IN_PROCESS / 4) before = heapBytes();
      const payload = generator.pick(payloads);
      const { signal, isJson } = payload;
      const damaged = damagedOf(generator, payload);
      repeats.clear();
      try {
        if (isJson) {
          const json: unknown = JSON.parse(damaged.toString());
          (signal === 'traces' ? decodeTracesJson : decodeLogsJson)(json, wantedKeys, 1_000, visit);
        } else (signal === 'traces' ? decodeTraces : decodeLogs)(damaged, wantedKeys, 1_000, visit);
      } catch (error) {
        const expected = [MalformedError, TooLargeError, SyntaxError].some((type) => error instanceof type);
        if (!expected) throw error;
        seen.malformed++;
      }
    }
    const grownBytes = heapBytes() - before;
    console.log(
      `${IN_PROCESS} damaged requests with seed ${SEED}: ${JSON.stringify(seen)}, heap grew by ${grownBytes} bytes`,
    );
    expect(seen.malformed).toBeGreaterThan(IN_PROCESS / 4);
    for (const kind of ['records', 'events', 'rejected', 'ignored'] as const)
      expect(seen[kind]).toBeGreaterThan(1_000);
    // The ids of sessions that are remembered, 10,000 at most, and nothing else.
    expect(grownBytes).toBeLessThan(4 * 1024 * 1024);
  });

  describe('over HTTP', () => {
    let collector: RunningCollector;
    beforeAll(async () => {
      collector = await RunningCollector.start();
    });
    afterAll(() => collector.end());

    test(`${OVER_HTTP.toLocaleString('en')} of them are answered 200 or 400, in their own encoding, and the collector goes on`, async () => {
      const generator = new Generator(SEED + 1);
      const statuses = new Map<number, number>();
      const send = async (payload: Payload) => {
        const { signal, isJson } = payload;
        const type = isJson ? 'application/json' : 'application/x-protobuf';
        const response = await fetch(`http://127.0.0.1:${collector.ports.ingest}/v1/${signal}`, {
          method: 'POST',
          headers: { 'content-type': type },
          body: damagedOf(generator, payload) as BodyInit,
        });
        const answer = Buffer.from(await response.arrayBuffer());
        expect(response.headers.get('content-type')).toContain(type);
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        if (response.status === 200) return;
        expect(response.status).toBe(400);
        const status = isJson ? JSON.parse(answer.toString()) : RpcStatus.decode(answer);
        expect(status).toMatchObject({
          code: 3,
          message: expect.stringMatching(/^the body is not a valid Export/),
        });
      };
      for (let sent = 0; sent < OVER_HTTP; sent += 20) {
        await Promise.all(Array.from({ length: 20 }, () => send(generator.pick(payloads))));
      }
      console.log(
        `${OVER_HTTP} damaged requests over HTTP with seed ${SEED + 1}: ${JSON.stringify([...statuses])}`,
      );
      expect(statuses.get(400)).toBeGreaterThan(OVER_HTTP / 4);
      expect(statuses.get(200)).toBeGreaterThan(OVER_HTTP / 10);
      expect(collector.log).not.toContain('"level":50');
      expect((await collector.operations('/readyz')).status).toBe(200);
    });
  });
});
