import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import type { SharedText } from '../../../collector/journal/shared-texts.ts';
import { NUMBER_AT, TEXT_AT } from '../../../collector/receive/calls/call-columns.ts';
import { CallReader } from '../../../collector/receive/calls/call-reader.ts';
import { KnownSpans } from '../../../collector/receive/otlp/known/known-spans.ts';
import { decodeTraces, type TakeBytes, type Visit } from '../../../collector/receive/otlp/protobuf.ts';
import { MalformedError, TooLargeError } from '../../../collector/receive/otlp/record.ts';
import { SessionHash } from '../../../collector/receive/privacy.ts';
import { Settings } from '../../../collector/receive/settings.ts';
import { Normaliser } from '../../../collector/receive/sources/normalise.ts';
import { recognise, wantedOfSpans } from '../../../collector/receive/sources/registry.ts';
import { parseTime } from '../../../collector/receive/times.ts';
import { faultOf } from '../../../collector/receive/validate.ts';
import { Generator } from './generate.ts';
import { exporters } from './span-exporters.ts';
import { fixed64, message, number } from './wire-writer.ts';

const SEED = 20_261_121;
const REQUESTS = 20_000;
const LIMIT = 10;

const hash = new SessionHash(Buffer.alloc(32, 7));
/** Some sessions are another process's. */
const isOwn = ({ session }: McpEvent) => session === undefined || session.id.length % 5 > 0;
const knowsTool = (_server: string, tool: string) => tool.length % 2 === 0;

/** One way to take requests in, and what became of each span. */
class Way {
  readonly #settings = new Settings(hash);
  readonly #normaliser = new Normaliser({ knowsTool, jsonDepth: 64 });
  readonly #known: KnownSpans | undefined;
  quick = 0;
  rows = 0;
  all = 0;

  constructor(isQuick: boolean) {
    const reader = new CallReader(this.#settings, isOwn);
    this.#known = isQuick ? new KnownSpans((setting) => reader.settingFor(setting), isOwn) : undefined;
  }

  of(body: Buffer): unknown {
    const became: unknown[] = [];
    const add = (source: string, event: McpEvent, timeMs: number | undefined, setting?: SharedText) => {
      // As it is now: the objects in it may be shared. What is undefined is not there, and no order is told.
      became.push(JSON.parse(JSON.stringify({ source, event, timeMs, setting: setting?.text })));
    };
    const visit: Visit = (record) => {
      const plan = recognise(record);
      if (plan === undefined) {
        became.push('no source');
        return;
      }
      const normalised = this.#normaliser.normalise(record, plan, new Map());
      if (!('events' in normalised)) {
        became.push(normalised);
        return;
      }
      if (normalised.events.length === 1) this.#known?.learn(normalised.events[0]!, plan);
      for (const event of normalised.events) {
        const fault = faultOf(event);
        if (fault !== undefined) became.push({ fault });
        else if (!isOwn(event)) became.push({ others: structuredClone(event) });
        else add(plan.source.name, event, parseTime(event.time), this.#settings.of(event));
      }
    };
    const take: TakeBytes = (from, to, origin) =>
      this.#known!.take(body, from, to, origin, {
        call: (source, event, timeMs, setting) => {
          this.quick++;
          add(source, event, timeMs, setting);
        },
        readCall: (source, calls, row) => {
          this.quick++;
          this.rows++;
          const event = calls.event(row);
          const text = (at: number) => calls.bytes.toString('latin1', calls.from(row, at), calls.to(row, at));
          // What the journal copies.
          expect([text(TEXT_AT.tool), text(TEXT_AT.id)]).toEqual([event.tool, event.id]);
          add(source, event, calls.number(row, NUMBER_AT.timeMs), calls.settings[row]!.text);
        },
      });
    this.#known?.start();
    let surplus: number;
    try {
      surplus = decodeTraces(body, wantedOfSpans, LIMIT, visit, this.#known && take);
    } catch (error) {
      if (error instanceof MalformedError || error instanceof TooLargeError) return error.message;
      throw error;
    }
    this.all += became.length;
    return { became, surplus };
  }
}

test(`spans that are compared and spans that are read become the same, in ${REQUESTS} requests made of seed ${SEED}`, () => {
  const generator = new Generator(SEED);
  const senders = exporters(generator);
  const [plain, quick] = [new Way(false), new Way(true)];
  let refused = 0;
  for (let i = 0; i < REQUESTS; i++) {
    const first = generator.pick(senders)(generator);
    // As a gateway that gathers the spans of several processes sends them.
    const request = generator.chance(0.3)
      ? Buffer.concat([first, generator.pick(senders)(generator)])
      : first;
    const body = generator.chance(0.85) ? request : generator.damage(request);
    const [read, compared] = [plain.of(body), quick.of(body)];
    if (typeof read === 'string') refused++;
    if (!isDeepStrictEqual(compared, read)) {
      expect(compared, `request ${i}: ${body.toString('hex')}`).toEqual(read);
      expect.fail(`request ${i} differs in what vitest takes for the same`);
    }
  }
  console.log(
    `${quick.quick} of ${quick.all} spans were compared, ${quick.rows} of them read into rows; ${refused} requests were refused`,
  );
  expect(quick.quick).toBeGreaterThan(quick.all / 8);
  expect(quick.rows).toBeGreaterThan(quick.all / 20);
  expect(quick.quick - quick.rows).toBeGreaterThan(quick.all / 50);
  expect(quick.all - quick.quick).toBeGreaterThan(quick.all / 10);
  expect(refused).toBeGreaterThan(REQUESTS / 50);
});

const keyValue = (key: string, text: string) =>
  Buffer.concat([message(1, key), message(2, message(1, text))]);

/** The spans of one process. */
const ofProcess = (resource: Buffer, ...spans: Buffer[]) =>
  message(1, Buffer.concat([message(1, resource), message(2, Buffer.concat(spans))]));

let spanIds = 0;
function spanOf(attributes: Readonly<Record<string, string>>): Buffer {
  const spanId = Buffer.alloc(8);
  spanId.writeUInt32BE(++spanIds);
  const written = Object.entries(attributes).map(([key, text]) => message(9, keyValue(key, text)));
  const times = [fixed64(7, 1_795_000_000_000_000_000n), fixed64(8, 1_795_000_000_001_000_000n)];
  const named = [message(5, 'tools/call add'), number(6, 2)];
  return message(
    2,
    Buffer.concat([message(1, Buffer.alloc(16, 1)), message(2, spanId), ...named, ...times, ...written]),
  );
}

test('a span that became nothing is not taken for the one behind it, whose process cannot be compared', () => {
  const known = message(1, keyValue('service.name', 'files'));
  const unlike = message(1, keyValue('mcp.response.size', '9'));
  const session = { 'mcp.session.id': 'session-one', 'enduser.id': 'ann' };
  const list = () => spanOf({ 'mcp.method.name': 'tools/list', ...session });
  const call = () =>
    spanOf({ 'mcp.method.name': 'tools/call', 'mcp.session.id': 'session-two', 'enduser.id': 'eve' });
  const way = new Way(true);
  way.of(Buffer.concat([ofProcess(known, list()), ofProcess(unlike, call())]));
  expect(way.of(ofProcess(known, list()))).toEqual({ became: [{ ignored: 'not_a_call' }], surplus: 0 });
});

test('spans with attributes of their own are compared after others have had all that are remembered', () => {
  const way = new Way(true);
  const process = message(1, keyValue('service.name', 'files'));
  const inventions = Array.from({ length: 2_000 }, (_, i) => [`invented.${i}`, 'x'] as const);
  way.of(ofProcess(process, spanOf(Object.fromEntries(inventions))));
  const called = { 'mcp.method.name': 'tools/call', 'mcp.session.id': 'session-one', 'company.team': 'blue' };
  way.of(ofProcess(process, spanOf(called)));
  way.of(ofProcess(process, spanOf(called)));
  expect(way.quick).toBe(1);
});
