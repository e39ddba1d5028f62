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
import { encodeRecord } from '../../collector/journal/record.ts';
import { KnownTools } from '../../collector/process/known-tools.ts';
import { decodeTraces } from '../../collector/receive/otlp/protobuf.ts';
import { wantedOfSpans } from '../../collector/receive/sources/registry.ts';
import { faultOf } from '../../collector/receive/validate.ts';
import { atMost, type Figure, ratio } from '../figures.ts';
import { encode } from '../payload/bodies.ts';
import { numbered, toolCalls as someCalls, type ToolCall } from '../payload/tool-call.ts';
import { interleaved, type Subject } from '../subject.ts';

const BATCH = 100;
const BATCHES = 40;
/** Not less for a short look: code that runs seldom is not optimised, and measures nothing. */
const EVENTS = 100_000;

type Step = (calls: readonly ToolCall[]) => void;

export const steps: Subject = {
  what: 'steps of an event in one process, over JSON.parse of the same events',
  measure: async (bench) => {
    const batches = makeBatches();
    const json = batches.map((calls) => encode(calls, 'json'));
    const protobuf = batches.map((calls) => encode(calls, 'otlp-protobuf'));
    const timed = (step: (batch: number) => void) => async () => nsPerEvent(step);
    // Each step works on what has just been parsed, whose texts have no hash yet; the parse is taken off again below.
    const parsedThen = (step: Step) => timed((n) => step(JSON.parse(json[n]!.toString())));
    const ns = await interleaved<'parse' | 'check' | 'ours' | 'client' | 'record' | 'otlp', number>(
      bench,
      'steps',
      {
        parse: parsedThen(() => {}),
        check: parsedThen((calls) => {
          for (const call of calls) if (faultOf(call) !== undefined) throw new Error(faultOf(call));
        }),
        ours: parsedThen(eachOf(ourMetrics())),
        client: parsedThen(eachOf(clientMetrics())),
        record: parsedThen((calls) => encodeRecord({ receivedMs: 0, sourceKind: 'native', events: calls })),
        otlp: timed((n) => decodeTraces(protobuf[n]!, wantedOfSpans, BATCH, () => {})),
      },
    );
    const figure = (name: string, rounds: number[], limit?: number): Figure => {
      const overParse = ratio(rounds, ns.parse);
      const demand = limit === undefined ? {} : { demand: atMost(overParse, limit, '× JSON.parse') };
      return { name, unit: 'CPU ns/event', rounds, ratios: { '× JSON.parse': overParse }, ...demand };
    };
    const alone = (rounds: number[]) => rounds.map((value, round) => value - ns.parse[round]!);
    return [
      { name: 'step: JSON.parse', unit: 'CPU ns/event', rounds: ns.parse },
      figure('step: check against the schema', alone(ns.check)),
      figure("step: a call's four metrics", alone(ns.ours), 0.12),
      figure("step: a call's four metrics, prom-client", alone(ns.client)),
      figure('step: journal record', alone(ns.record)),
      figure('step: OTLP protobuf decoded', ns.otlp, 0.8),
    ];
  },
};

function makeBatches(): ToolCall[][] {
  const next = someCalls(Date.now(), numbered);
  return Array.from({ length: BATCHES }, (_, n) =>
    Array.from({ length: BATCH }, (_, i) => next(n * BATCH + i)),
  );
}

function nsPerEvent(step: (batch: number) => void): number {
  const before = process.cpuUsage();
  for (let n = 0; n < EVENTS / BATCH; n++) step(n % BATCHES);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / EVENTS;
}

const eachOf =
  (count: (call: ToolCall) => void): Step =>
  (calls) => {
    for (const call of calls) count(call);
  };

/** As the collector counts a call: in the series that its tool holds, which server and name find. */
function ourMetrics(): (call: ToolCall) => void {
  const tools = new KnownTools(collectorDefaults, createInstruments(collectorDefaults, Date.now));
  return (call) => tools.called(call).series.count(call, true);
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
