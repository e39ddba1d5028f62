/** How long single events wait for their answer, durable, at half the rate that the server can take on this machine. */
import { startCollectorOn } from '../collector.ts';
import { atMost, type Figure, median } from '../figures.ts';
import { type Subject, scaled } from '../subject.ts';

const shape = { format: 'json', eventsPerRequest: 1 } as const;
const REQUESTS = 12_000;

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
      for (let round = 1; round <= bench.rounds; round++) {
        bench.progress(`latency: round ${round} of ${bench.rounds}`);
        const { eventsPerSecond } = await bench.load.send(collector, shape, requests);
        const requestsPerSecond = eventsPerSecond / 2;
        const paced = await bench.load.send(collector, shape, requests, { requestsPerSecond });
        rates.push(requestsPerSecond);
        p50.push(paced.p50Ms);
        p99.push(paced.p99Ms);
      }
      const figures: Figure[] = [
        { name: 'single events, rate', unit: 'events/s', rounds: rates },
        { name: 'single events, half of the answers within', unit: 'ms', rounds: p50 },
        {
          name: 'single events, 99% of the answers within',
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
