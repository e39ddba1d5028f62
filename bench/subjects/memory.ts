/** What an open session and a series of a histogram weigh, in a process that holds nothing else. */
import { join } from 'node:path';
import { Child } from '../child.ts';
import { atMost, type Figure, median, ratio } from '../figures.ts';
import type { Build, Owner } from '../registries.ts';
import type { Weigh } from '../sessions.ts';
import { interleaved, type Subject, scaled } from '../subject.ts';

const sessions = join(import.meta.dirname, '../sessions.ts');
const registries = join(import.meta.dirname, '../registries.ts');
const SESSIONS = 50_000;
const HISTOGRAMS = 10_000;

export const memory: Subject = {
  what: 'memory of an open session and of a histogram series',
  measure: async (bench) => {
    const weighed = await interleaved<'session' | 'watched' | 'ours' | 'client', number>(bench, 'memory', {
      session: () => sessionOf(scaled(bench, SESSIONS), false),
      watched: () => sessionOf(scaled(bench, SESSIONS), true),
      ours: () => seriesOf('ours', scaled(bench, HISTOGRAMS)),
      client: () => seriesOf('prom-client', scaled(bench, HISTOGRAMS)),
    });
    const figures: Figure[] = [
      {
        name: 'memory of an open session, ten calls of it',
        unit: 'bytes',
        rounds: weighed.session,
        demand: atMost(median(weighed.session), 1_100, 'bytes'),
      },
      {
        name: 'the same, watched by all detectors',
        unit: 'bytes',
        rounds: weighed.watched,
      },
      {
        name: 'memory of a histogram series, 14 buckets',
        unit: 'bytes',
        rounds: weighed.ours,
        ratios: { '× prom-client': ratio(weighed.ours, weighed.client) },
        demand: atMost(median(weighed.ours), 600, 'bytes'),
      },
    ];
    return figures;
  },
};

function sessionOf(count: number, detectors: boolean): Promise<number> {
  const message: Weigh = { sessions: count, detectors };
  return fresh(sessions, message);
}

async function seriesOf(owner: Owner, series: number): Promise<number> {
  const message: Build = { build: { owner, contents: 'histograms', series } };
  return (await fresh<{ bytesPerSeries: number }>(registries, message)).bytesPerSeries;
}

/** Asks a process of its own once. */
async function fresh<T>(file: string, message: object): Promise<T> {
  const child = new Child(file, [], ['--expose-gc']);
  try {
    return await child.ask<T>(message);
  } finally {
    await child.end();
  }
}
