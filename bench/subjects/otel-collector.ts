/** Spans of a CPU second, beside an OpenTelemetry Collector that makes metrics of the same spans. */
import {
  configFor,
  newDataDirectory,
  startCollector,
  startCollectorOn,
  withoutDetectors,
} from '../collector.ts';
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
    // It has no detectors.
    const ours = await startCollector(withoutDetectors(configFor(newDataDirectory('disk'))));
    const detecting = await startCollectorOn('disk');
    try {
      const send = (target: typeof theirs | typeof ours) => () =>
        bench.load.send(target, SHAPE, scaled(bench, REQUESTS));
      const costs = await interleaved<'theirs' | 'ours' | 'detecting', Cost>(
        bench,
        'beside an OpenTelemetry Collector',
        { theirs: send(theirs), ours: send(ours), detecting: send(detecting) },
      );
      const perSecond = (of: readonly Cost[]) => of.map(({ cpuUsPerEvent }) => 1e6 / cpuUsPerEvent);
      const [we, they] = [perSecond(costs.ours), perSecond(costs.theirs)];
      const over = ratio(we, they);
      const detected = perSecond(costs.detecting);
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
        {
          name: 'ours, durable, all detectors on',
          unit: 'spans/CPU s',
          rounds: detected,
          ratios: { '× the OpenTelemetry Collector': ratio(detected, they) },
        },
        await memory('OpenTelemetry Collector', theirs),
        await memory('ours', ours),
      ];
    } finally {
      await Promise.all([theirs.end(), ours.end(), detecting.end()]);
    }
  },
};
