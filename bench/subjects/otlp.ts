/**
 * Spans over OTLP/HTTP, 14 attributes each and 7 of their resource, over the raw limit of two bodies: the same calls as
 * native JSON, and OTLP/JSON as it is.
 */
import { type Figure, ratio } from '../figures.ts';
import type { Cost, Target } from '../load/load.ts';
import type { Format } from '../payload/bodies.ts';
import { startServers } from '../servers.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const requestsOf = { 1: 8_000, 100: 800 } as const;

export const otlp: Subject = {
  what: 'OTLP/HTTP spans as protobuf and JSON, 1 and 100 a request',
  measure: async (bench) => {
    const servers = await startServers();
    try {
      const figures: Figure[] = [];
      for (const size of [1, 100] as const) {
        figures.push(...(await measureSize(bench, size, servers.raw, servers.durable)));
      }
      return figures;
    } finally {
      await servers.end();
    }
  },
};

async function measureSize(bench: Bench, size: 1 | 100, raw: Target, ours: Target): Promise<Figure[]> {
  const requests = scaled(bench, requestsOf[size]);
  const send = (target: Target, format: Format) => () =>
    bench.load.send(target, { format, eventsPerRequest: size }, requests);
  const costs = await interleaved<'rawNative' | 'rawOtlp' | 'native' | 'protobuf' | 'json', Cost>(
    bench,
    `OTLP × ${size}`,
    {
      rawNative: send(raw, 'json'),
      rawOtlp: send(raw, 'otlp-json'),
      native: send(ours, 'json'),
      protobuf: send(ours, 'otlp-protobuf'),
      json: send(ours, 'otlp-json'),
    },
  );
  const cpu = (of: keyof typeof costs) => costs[of].map(({ cpuUsPerEvent }) => cpuUsPerEvent);
  const figure = (label: string, of: 'protobuf' | 'json'): Figure => ({
    name: `OTLP ${label} × ${size}, durable`,
    unit: 'CPU µs/span',
    rounds: cpu(of),
    ratios: {
      '× raw of native JSON': ratio(cpu(of), cpu('rawNative')),
      '× raw of OTLP/JSON': ratio(cpu(of), cpu('rawOtlp')),
      '× native': ratio(cpu(of), cpu('native')),
    },
  });
  return [figure('protobuf', 'protobuf'), figure('JSON', 'json')];
}
