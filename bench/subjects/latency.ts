/**
 * How long single events wait for their answer, durable, at half the rate that the server can take on this machine.
 *
 * Server and load share it, so what else may have kept an answer back is shown beside it: how late the load itself was
 * with its requests, for how long the collector's event loop stood still, and how long the disk took to take a commit.
 */
import { collectorDefaults } from '../../collector/config.ts';
import { startCollectorOn } from '../collector.ts';
import { atMost, type Figure, median } from '../figures.ts';
import type { Cost } from '../load/load.ts';
import { type Subject, scaled } from '../subject.ts';

const shape = { format: 'json', eventsPerRequest: 1 } as const;
const REQUESTS = 12_000;
/** From one snapshot to the next, so that no round is spared one. */
const PACED_SECONDS = collectorDefaults.snapshotIntervalSeconds;
/** At half the rate, what comes within 40 ms: with fewer, who waits for a connection is not yet seen by the server. */
const PACED_CONNECTIONS = 512;

export const latency: Subject = {
  what: 'time to the answer of single events, durable, at half the greatest rate',
  measure: async (bench) => {
    const collector = await startCollectorOn('disk');
    const requests = scaled(bench, REQUESTS);
    try {
      const rates: number[] = [];
      await bench.load.send(collector, shape, requests);
      // All of them first: paced by a round of its own, each would be measured at a load of its own.
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`latency: greatest rate, round ${round} of ${bench.rounds}`);
        rates.push((await bench.load.send(collector, shape, requests)).eventsPerSecond);
      }
      await collector.child.watch();
      const pace = { requestsPerSecond: median(rates) / 2, connections: PACED_CONNECTIONS };
      const paced = scaled(bench, pace.requestsPerSecond * PACED_SECONDS);
      const costs: Cost[] = [];
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`latency: half of it, round ${round} of ${bench.rounds}`);
        costs.push(await bench.load.send(collector, shape, paced, pace));
      }
      return [{ name: 'single events, greatest rate', unit: 'events/s', rounds: rates }, ...figuresOf(costs)];
    } finally {
      await collector.end();
    }
  },
};

function figuresOf(costs: readonly Cost[]): Figure[] {
  const figure = (what: string, of: (cost: Cost) => number, unit = 'ms'): Figure => ({
    name: `single events, at half of it, ${what}`,
    unit,
    rounds: costs.map(of),
  });
  const p99 = figure('99% of the answers within', ({ latencyMs }) => latencyMs.p99);
  return [
    figure('half of the answers within', ({ latencyMs }) => latencyMs.p50),
    { ...p99, demand: atMost(median(p99.rounds), 10, 'ms') },
    figure('the last answer within', ({ latencyMs }) => latencyMs.max),
    figure('99% of the requests late by', ({ latenessMs }) => latenessMs.p99),
    figure('the latest request late by', ({ latenessMs }) => latenessMs.max),
    figure('99% of the turns of the event loop within', ({ watched }) => watched!.loopMs.p99),
    figure('the longest turn of the event loop', ({ watched }) => watched!.loopMs.max),
    figure('99% of the writes to disk within', ({ watched }) => watched!.syncMs.p99),
    figure('the longest write to disk', ({ watched }) => watched!.syncMs.max),
    figure('CPU', ({ cpuUsPerEvent }) => cpuUsPerEvent, 'CPU µs/event'),
  ];
}
