/** Spans of a CPU second, beside an OpenTelemetry Collector that makes metrics of the same spans. */

import { startCollectorOn } from '../collector.ts';
import { atLeast, type Figure, ratio } from '../figures.ts';
import type { Cost } from '../load/load.ts';
import { startOtelCollector } from '../peers/otel-collector.ts';
import { interleaved, type Subject, scaled } from '../subject.ts';

const SHAPE = { format: 'otlp-protobuf', eventsPerRequest: 100 } as const;
const REQUESTS = 1_200;

export const otelCollector: Subject = {
  what: 'OTLP/HTTP protobuf × 100 beside an OpenTelemetry Collector (needs Go)',
  measure: async (bench) => {
    const theirs = await startOtelCollector(bench.progress);
    if ('missing' in theirs) {
      process.stderr.write(`bench: not compared with an OpenTelemetry Collector: ${theirs.missing}\n`);
      return [];
    }
    const ours = await startCollectorOn('disk');
    try {
      const send = (target: typeof theirs | typeof ours) => () =>
        bench.load.send(target, SHAPE, scaled(bench, REQUESTS));
      const costs = await interleaved<'ours' | 'theirs', Cost>(bench, 'beside an OpenTelemetry Collector', {
        theirs: send(theirs),
        ours: send(ours),
      });
      const perSecond = (of: readonly Cost[]) => of.map(({ cpuUsPerEvent }) => 1e6 / cpuUsPerEvent);
      const [we, they] = [perSecond(costs.ours), perSecond(costs.theirs)];
      const over = ratio(we, they);
      const memory = async (name: string, { child }: Pick<typeof theirs, 'child'>): Promise<Figure> => ({
        name: `RSS after it, ${name}`,
        unit: 'MiB',
        rounds: [(await child.usage()).rssBytes / 2 ** 20],
      });
      return [
        { name: 'OpenTelemetry Collector, spanmetrics', unit: 'spans/CPU s', rounds: they },
        {
          name: 'ours, durable, of the same spans',
          unit: 'spans/CPU s',
          rounds: we,
          ratios: { '× the OpenTelemetry Collector': over },
          demand: atLeast(over, 2, '× the OpenTelemetry Collector'),
        },
        await memory('OpenTelemetry Collector', theirs),
        await memory('ours', ours),
      ];
    } finally {
      await Promise.all([theirs.end(), ours.end()]);
    }
  },
};
