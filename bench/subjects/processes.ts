/**
 * Two processes that share the work, over one: the CPU of both and of the one that started them, for each event.
 *
 * The capacity of two cores is twice that of one, but for what the division costs: an event that comes to the wrong
 * process is sent on, which is one in two, and each process commits half as much at once. Each of the two is sent as
 * much beforehand as the one is, since each has to learn by itself what is worth compiling.
 */
import { readFileSync } from 'node:fs';
import type { CollectorConfig } from '../../collector/config.ts';
import type { Usage } from '../child.ts';
import { configFor, newDataDirectory, startCollector, withoutDetectors } from '../collector.ts';
import { atLeast, type Figure, ratio } from '../figures.ts';
import type { Cost, Target } from '../load/load.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const PROCESSES = 2;
const REQUESTS = 1_500;
const WARM_UPS = 2;
/** Linux counts CPU in hundredths of a second. */
const TICK_US = 10_000;

export const processes: Subject = {
  what: 'two processes that share the work, over one',
  measure: async (bench) => [
    ...(await compare(bench, ['json', 'ndjson'], withoutDetectors, 'durable')),
    ...(await compare(bench, ['json'], (config) => config, 'durable, all detectors on')),
  ],
};

async function compare(
  bench: Bench,
  formats: readonly ('json' | 'ndjson')[],
  change: (config: CollectorConfig) => CollectorConfig,
  how: string,
): Promise<Figure[]> {
  const start = async (processes: number) => {
    const collector = await startCollector(change({ ...configFor(newDataDirectory('disk')), processes }));
    const target: Target = { ...collector, child: { usage: () => usageOfFamily(collector.child.pid) } };
    return { target, end: collector.end };
  };
  const one = await start(1);
  const two = await start(PROCESSES);
  try {
    const figures: Figure[] = [];
    for (const format of formats) {
      const shape = { format, eventsPerRequest: 100 };
      const requests = scaled(bench, REQUESTS);
      const name = `${format.toUpperCase()} × 100`;
      for (let beforehand = 0; beforehand < WARM_UPS; beforehand++) {
        await bench.load.send(one.target, shape, requests);
        for (let process = 0; process < PROCESSES; process++)
          await bench.load.send(two.target, shape, requests);
      }
      const costs = await interleaved<'one' | 'two', Cost>(bench, `${name}, processes, ${how}`, {
        one: () => bench.load.send(one.target, shape, requests),
        two: () => bench.load.send(two.target, shape, requests),
      });
      const cpu = (of: readonly Cost[]) => of.map(({ cpuUsPerEvent }) => cpuUsPerEvent);
      const capacity = PROCESSES * ratio(cpu(costs.one), cpu(costs.two));
      figures.push({
        name: `${name}, ${PROCESSES} processes, ${how}`,
        unit: 'CPU µs/event',
        rounds: cpu(costs.two),
        ratios: { '× the capacity of one': capacity },
        demand: atLeast(capacity, 1.7, '× one'),
      });
    }
    return figures;
  } finally {
    await Promise.all([one.end(), two.end()]);
  }
}

/** What a process and those that it started have used. */
async function usageOfFamily(pid: number): Promise<Usage> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const ticks = [pid, ...children].map((of) => {
    const stat = readFileSync(`/proc/${of}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  const cpuUs = ticks.reduce((sum, of) => sum + of, 0) * TICK_US;
  return { cpuUs, rssBytes: 0, peakRssBytes: 0 };
}
