/** The steps that an event takes, each alone in this process, over `JSON.parse` of the same events. */
import { Counter, Histogram, Registry } from 'prom-client';
import {
  durationBuckets,
  toolCallBytes,
  toolCallDuration,
  toolCalls,
} from '../../collector/catalogue/metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { RecordWriter } from '../../collector/journal/record-writer.ts';
import { CallFacts } from '../../collector/process/call-facts.ts';
import { KnownTools } from '../../collector/process/known-tools.ts';
import { CallColumns } from '../../collector/receive/calls/call-columns.ts';
import { CallReader } from '../../collector/receive/calls/call-reader.ts';
import { QuickEvents } from '../../collector/receive/calls/quick-events.ts';
import { decodeTraces } from '../../collector/receive/otlp/protobuf.ts';
import { SessionHash } from '../../collector/receive/privacy.ts';
import { Settings } from '../../collector/receive/settings.ts';
import { wantedOfSpans } from '../../collector/receive/sources/registry.ts';
import { faultOf } from '../../collector/receive/validate.ts';
import { atMost, type Figure, median, ratio } from '../figures.ts';
import { encode } from '../payload/bodies.ts';
import { numbered, toolCalls as someCalls, type ToolCall } from '../payload/tool-call.ts';
import { interleaved, type Subject } from '../subject.ts';

const BATCH = 100;
const BATCHES = 40;
/** Batches of one round. Not less for a short look: code that runs seldom is not optimised, and measures nothing. */
const ROUND = 1_000;

/** What a step works on, made anew each time: its texts have no hash yet, and nothing of them is in the cache. */
interface Made<T> {
  readonly make: (batch: number) => T;
  readonly step: (made: T) => void;
}
/** The calls of a body as they go on to the journal; they last until the next body is read. */
interface ReadCalls {
  readonly calls: CallColumns;
  readonly rows: number;
}
/** Nanoseconds an event that making and the step took in one round. */
interface Taken {
  readonly make: number;
  readonly step: number;
}
type Name = 'check' | 'ours' | 'client' | 'record' | 'read' | 'otlp';

export const steps: Subject = {
  what: 'steps of an event in one process, over JSON.parse of the same events',
  measure: async (bench) => {
    const batches = makeBatches();
    const json = batches.map((calls) => encode(calls, 'json'));
    const protobuf = batches.map((calls) => encode(calls, 'otlp-protobuf'));
    const parse = (n: number): ToolCall[] => JSON.parse(json[n]!.toString());
    const read = quickReader();
    const count = ourMetrics();
    const each = (step: (call: ToolCall) => void) => (calls: readonly ToolCall[]) => calls.forEach(step);
    const ofParsed = (step: (calls: ToolCall[]) => void) => timed({ make: parse, step });
    const ns = await interleaved<Name, Taken>(bench, 'steps', {
      check: ofParsed(
        each((call) => {
          if (faultOf(call) !== undefined) throw new Error(faultOf(call));
        }),
      ),
      // As the collector counts calls: as they are read.
      ours: timed({
        make: (n) => eventsOf(read(json[n]!)),
        step: (all) => {
          for (const event of all) count(event);
        },
      }),
      client: ofParsed(each(clientMetrics())),
      record: timed({ make: (n) => read(json[n]!), step: recorder() }),
      read: timed({ make: (n) => json[n]!, step: read }),
      otlp: timed({
        make: (n) => protobuf[n]!,
        step: (body) => decodeTraces(body, wantedOfSpans, BATCH, () => {}),
      }),
    });
    const parsed = ns.check.map(({ make }) => make);
    const figure = (name: string, of: Name, limit?: number): Figure => {
      const rounds = ns[of].map(({ step }) => step);
      const overParse = ratio(rounds, parsed);
      const demand = limit === undefined ? {} : { demand: atMost(overParse, limit, '× JSON.parse') };
      return { name, unit: 'ns/event', rounds, ratios: { '× JSON.parse': overParse }, ...demand };
    };
    return [
      { name: 'step: JSON.parse', unit: 'ns/event', rounds: parsed },
      figure('step: check against the schema', 'check'),
      figure('step: read quickly instead, checked and with its setting', 'read'),
      figure("step: a call's four metrics", 'ours', 0.12),
      figure("step: a call's four metrics, prom-client", 'client'),
      figure('step: journal record', 'record'),
      figure('step: OTLP protobuf decoded', 'otlp', 0.8),
    ];
  },
};

function makeBatches(): ToolCall[][] {
  const next = someCalls(Date.now(), numbered);
  return Array.from({ length: BATCHES }, (_, n) =>
    Array.from({ length: BATCH }, (_, i) => next(n * BATCH + i)),
  );
}

/**
 * Times both parts of each batch by the clock, and answers the middle batch of the round: a step takes a tenth of what
 * making takes, so a difference of sums of both would be noise, and whoever else has the machine hits few batches.
 */
function timed<T>({ make, step }: Made<T>): () => Promise<Taken> {
  return async () => {
    const makes: number[] = [];
    const steps: number[] = [];
    for (let n = 0; n < ROUND; n++) {
      const start = process.hrtime.bigint();
      const made = make(n % BATCHES);
      const between = process.hrtime.bigint();
      step(made);
      const end = process.hrtime.bigint();
      makes.push(Number(between - start) / BATCH);
      steps.push(Number(end - between) / BATCH);
    }
    return { make: median(makes), step: median(steps) };
  };
}

/** Reads a body as the collector does, all of whose events must be plain calls written in a way that is known by then. */
function quickReader(): (body: Buffer) => ReadCalls {
  const settings = new Settings(new SessionHash(Buffer.alloc(32)));
  const quick = new QuickEvents(new CallReader(settings, () => true));
  const none = new CallColumns(Buffer.alloc(0));
  let read: ReadCalls = { calls: none, rows: 0 };
  const visitor = {
    // What is written in a new way is parsed once.
    event: () => {},
    readCall: (calls: CallColumns, row: number) => {
      read = { calls, rows: row + 1 };
    },
    passOn: () => {},
  };
  return (body) => {
    if (!quick.visit(body, 1, body.length - 1, BATCH, visitor))
      throw new Error('the body is no list of events');
    return read;
  };
}

const eventsOf = ({ calls, rows }: ReadCalls): ToolCall[] =>
  Array.from({ length: rows }, (_, row) => calls.event(row));

/** Writes the record of calls that have been read. */
function recorder(): (read: ReadCalls) => void {
  const writer = new RecordWriter();
  const written = new CallColumns(Buffer.alloc(0));
  written.reserve(BATCH);
  return ({ calls, rows }) => {
    writer.start(0, 'native');
    for (let row = 0; row < rows; row++) writer.readCall(calls, row, written, row);
    writer.finish();
  };
}

/** As the collector counts a call: in its tool's tally, which server and name find. A scrape brings that to its series. */
function ourMetrics(): (call: ToolCall) => void {
  const tools = new KnownTools(collectorDefaults, createInstruments(collectorDefaults, Date.now));
  const facts = new CallFacts();
  return (call) => tools.called(call).series.count(facts.of(call), true);
}

function clientMetrics(): (call: ToolCall) => void {
  const registers = [new Registry()];
  const counterOf = ({ name, help }: { name: string; help: string }, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const calls = counterOf(toolCalls, ['server', 'tool', 'client', 'outcome']);
  const sizes = counterOf(toolCallBytes, ['server', 'tool', 'direction']);
  const { name, help } = toolCallDuration;
  const durations = new Histogram({
    name,
    help,
    labelNames: ['server', 'tool'],
    buckets: [...durationBuckets],
    registers,
  });
  return ({ server, tool, client, outcome, duration_ms = 0, request_bytes = 0, response_bytes = 0 }) => {
    calls.inc({ server, tool, client: client?.name ?? '', outcome });
    durations.observe({ server, tool }, duration_ms / 1_000);
    sizes.inc({ server, tool, direction: 'request' }, request_bytes);
    sizes.inc({ server, tool, direction: 'response' }, response_bytes);
  };
}
