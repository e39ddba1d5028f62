/** What the detectors add to the processor time of an event that carries its arguments and result. */
import { configFor, newDataDirectory, type RunningCollector, startCollector } from '../collector.ts';
import { atMost, type Figure, ratio } from '../figures.ts';
import type { Cost } from '../load/load.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const SHAPE = { format: 'recorded', eventsPerRequest: 100 } as const;
const REQUESTS = 400;

const startWith = (enabled: boolean): Promise<RunningCollector> => {
  const config = configFor(newDataDirectory('disk'));
  return startCollector({ ...config, detection: { ...config.detection, enabled } });
};

export const detection: Subject = {
  what: 'events with arguments and results, detectors on and off',
  measure: async (bench: Bench) => {
    const [on, off] = await Promise.all([startWith(true), startWith(false)]);
    try {
      const send = (target: RunningCollector) => () =>
        bench.load.send(target, SHAPE, scaled(bench, REQUESTS));
      const costs = await interleaved<'on' | 'off', Cost>(bench, 'detectors', {
        on: send(on),
        off: send(off),
      });
      const cpu = (of: readonly Cost[]) => of.map(({ cpuUsPerEvent }) => cpuUsPerEvent);
      const over = ratio(cpu(costs.on), cpu(costs.off));
      const figures: Figure[] = [
        { name: 'recorded calls × 100, detectors off', unit: 'CPU µs/event', rounds: cpu(costs.off) },
        {
          name: 'recorded calls × 100, all detectors on',
          unit: 'CPU µs/event',
          rounds: cpu(costs.on),
          ratios: { '× without them': over },
          demand: atMost(over, 2.5, '× without them'),
        },
      ];
      return figures;
    } finally {
      await Promise.all([on.end(), off.end()]);
    }
  },
};
