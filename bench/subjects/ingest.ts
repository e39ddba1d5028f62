/**
 * Native events over HTTP, against the raw limit and the usual design, by format and events per request.
 *
 * Ours answers when an event is on disk. `in memory` is the same program over a file system in memory: it writes its
 * journal all the same, and only the wait for the disk is gone.
 */
import { atLeast, atMost, type Demand, type Figure, ratio } from '../figures.ts';
import type { Cost, Target } from '../load/load.ts';
import { type Servers, startServers } from '../servers.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

/** Requests of one round, by events in each: a few hundred milliseconds of a server's CPU. */
const requestsOf = { 1: 12_000, 10: 6_000, 100: 1_500, 1000: 150 } as const;
type Size = keyof typeof requestsOf;
const sizes: readonly Size[] = [1, 10, 100, 1_000];

/** Share of the rate in memory that the durable one should have. */
const demandedShare = new Map<Size, number>([
  [1, 0.5],
  [10, 0.65],
  [100, 0.6],
]);

const cpu = (costs: readonly Cost[]) => costs.map(({ cpuUsPerEvent }) => cpuUsPerEvent);
const rate = (costs: readonly Cost[]) => costs.map(({ eventsPerSecond }) => eventsPerSecond);

export const ingest: Subject = {
  what: 'JSON and NDJSON, 1 to 1,000 events a request, over raw node:http and beside the usual design',
  measure: async (bench) => {
    const servers = await startServers();
    try {
      const figures: Figure[] = [];
      for (const format of ['json', 'ndjson'] as const) {
        for (const size of sizes) figures.push(...(await measureShape(bench, servers, format, size)));
      }
      return figures;
    } finally {
      await servers.end();
    }
  },
};

async function measureShape(
  bench: Bench,
  servers: Servers,
  format: 'json' | 'ndjson',
  size: Size,
): Promise<Figure[]> {
  const name = `${format.toUpperCase()} × ${size.toLocaleString('en-US')}`;
  const shape = { format, eventsPerRequest: size };
  const requests = scaled(bench, requestsOf[size]);
  const send = (target: Target) => () => bench.load.send(target, shape, requests);
  const withoutDetectors = {
    raw: send(servers.raw),
    usual: send(servers.usual),
    durable: send(servers.durable),
    inMemory: send(servers.inMemory),
  };
  // What the journal and the detectors cost is shown once; detectors have a subject of their own.
  const costs = isReference(format, size)
    ? await interleaved(bench, name, {
        ...withoutDetectors,
        withoutJournal: send(servers.withoutJournal),
        detecting: send(servers.detecting),
      })
    : { ...(await interleaved(bench, name, withoutDetectors)), withoutJournal: [], detecting: [] };
  const raw = cpu(costs.raw);
  const usual = cpu(costs.usual);
  const figure = (label: string, rounds: number[], rest: Partial<Figure> = {}): Figure => {
    const ratios = { '× raw': ratio(rounds, raw), ...rest.ratios };
    return { name: `${name}, ${label}`, unit: 'CPU µs/event', rounds, ...rest, ratios };
  };
  const ours = (label: string, of: Cost[], demand?: Demand) => {
    const ratios = { 'usual ÷ ours': ratio(usual, cpu(of)) };
    return figure(label, cpu(of), { ratios, ...(demand && { demand }) });
  };
  return [
    figure('raw', raw),
    figure('usual design', usual),
    ...(costs.withoutJournal.length > 0 ? [ours('without its journal', costs.withoutJournal)] : []),
    ours('in memory', costs.inMemory, demandOnCpu(format, size, ratio(cpu(costs.inMemory), raw))),
    ours('durable', costs.durable, demandOnUsual(format, size, ratio(usual, cpu(costs.durable)))),
    ...(costs.detecting.length > 0 ? [ours('durable, all detectors on', costs.detecting)] : []),
    durableShare(`${name}, durable rate`, format, size, costs.durable, costs.inMemory),
  ];
}

/** The reference for what a call costs is an array of a hundred: smaller requests measure HTTP. */
const isReference = (format: string, size: Size) => format === 'json' && size === 100;

const demandOnCpu = (format: string, size: Size, overRaw: number) =>
  isReference(format, size) ? atMost(overRaw, 1.35, '× raw') : undefined;

const demandOnUsual = (format: string, size: Size, overOurs: number) =>
  isReference(format, size) ? atLeast(overOurs, 3, 'usual ÷ ours') : undefined;

/** By the clock, so only as good as the machine was quiet. */
function durableShare(name: string, format: string, size: Size, durable: Cost[], inMemory: Cost[]): Figure {
  const share = ratio(rate(durable), rate(inMemory));
  const demanded = format === 'json' ? demandedShare.get(size) : undefined;
  return {
    name,
    unit: 'events/s',
    rounds: rate(durable),
    ratios: { 'of the rate in memory': share },
    ...(demanded && { demand: atLeast(share, demanded, 'of the rate in memory') }),
  };
}
