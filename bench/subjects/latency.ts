/** How long single events wait for their answer, durable, at half the rate that the server can take on this machine. */
import { collectorDefaults } from '../../collector/config.ts';
import { startCollectorOn } from '../collector.ts';
import { atMost, type Figure, median } from '../figures.ts';
import { type Subject, scaled } from '../subject.ts';

const shape = { format: 'json', eventsPerRequest: 1 } as const;
const REQUESTS = 12_000;
/** From one snapshot to the next, so that no round is spared one. */
const PACED_SECONDS = collectorDefaults.snapshotIntervalSeconds;

export const latency: Subject = {
  what: 'time to the answer of single events, durable, at half the greatest rate',
  measure: async (bench) => {
    const collector = await startCollectorOn('disk');
    const requests = scaled(bench, REQUESTS);
    try {
      const rates: number[] = [];
      const p50: number[] = [];
      const p99: number[] = [];
      await bench.load.send(collector, shape, requests);
      // All of them first: paced by a round of its own, each would be measured at a load of its own.
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`latency: greatest rate, round ${round} of ${bench.rounds}`);
        rates.push((await bench.load.send(collector, shape, requests)).eventsPerSecond);
      }
      const requestsPerSecond = median(rates) / 2;
      const paced = scaled(bench, requestsPerSecond * PACED_SECONDS);
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`latency: half of it, round ${round} of ${bench.rounds}`);
        const { p50Ms, p99Ms } = await bench.load.send(collector, shape, paced, { requestsPerSecond });
        p50.push(p50Ms);
        p99.push(p99Ms);
      }
      const figures: Figure[] = [
        { name: 'single events, greatest rate', unit: 'events/s', rounds: rates },
        { name: 'single events, at half of it, half of the answers within', unit: 'ms', rounds: p50 },
        {
          name: 'single events, at half of it, 99% of the answers within',
          unit: 'ms',
          rounds: p99,
          demand: atMost(median(p99), 10, 'ms'),
        },
      ];
      return figures;
    } finally {
      await collector.end();
    }
  },
};
