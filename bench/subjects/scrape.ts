/** One scrape of many series, ours over prom-client's own. */
import { join } from 'node:path';
import { Child } from '../child.ts';
import { atMost, type Demand, type Figure, median, ratio } from '../figures.ts';
import type { Build, Contents, Owner, Scrape } from '../registries.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const program = join(import.meta.dirname, '../registries.ts');

export const scrape: Subject = {
  what: '/metrics with 10,000 histogram label sets and with 100,000 counters, over prom-client',
  measure: async (bench) => [
    ...(await measure(bench, '10,000 histograms', 'histograms', 10_000)),
    ...(await measure(bench, '100,000 counters', 'counters', 100_000)),
  ],
};

async function measure(bench: Bench, name: string, contents: Contents, full: number): Promise<Figure[]> {
  const series = scaled(bench, full);
  const started = await Promise.all([
    start('ours', contents, series),
    start('prom-client', contents, series),
  ]);
  const [ours, client] = started;
  try {
    const scrapes = await interleaved<'ours' | 'client', Scrape>(bench, `scrape of ${name}`, {
      ours: () => ours.ask({}),
      client: () => client.ask({}),
    });
    const cpu = scrapes.ours.map(({ cpuMs }) => cpuMs);
    const overClient = ratio(
      cpu,
      scrapes.client.map(({ cpuMs }) => cpuMs),
    );
    const pause = scrapes.ours.map(({ pauseMs }) => pauseMs);
    const demands: Demand[] = contents === 'histograms' ? [atMost(overClient, 0.167, '× prom-client')] : [];
    const [demand] = demands;
    return [
      {
        name: `scrape of ${name}`,
        unit: 'CPU ms',
        rounds: cpu,
        ratios: { '× prom-client': overClient },
        ...(demand && { demand }),
      },
      {
        name: `scrape of ${name}, longest pause`,
        unit: 'ms',
        rounds: pause,
        demand: atMost(median(pause), 5, 'ms'),
      },
    ];
  } finally {
    await Promise.all(started.map((child) => child.end()));
  }
}

async function start(owner: Owner, contents: Contents, series: number): Promise<Child> {
  const child = new Child(program, [], ['--expose-gc']);
  await child.ask({ build: { owner, contents, series } } satisfies Build);
  return child;
}
