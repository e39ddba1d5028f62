/** The most memory that a collector takes when everything it is sent is new, and when it is as busy as it can be. */
import { startCollectorOn } from '../collector.ts';
import { atMost, type Figure } from '../figures.ts';
import { type Flood, send, sessions, sources, tools } from '../flood/flood.ts';
import { type Bench, type Subject, scaled } from '../subject.ts';

const EVENTS = 1_000_000;
const MIB = 2 ** 20;
const MOST_MIB = 512;
const LOAD_REQUESTS = 6_000;

export const flood: Subject = {
  what: 'memory under a flood of a million sessions, a million tools and a million sources, and under full load',
  measure: async (bench) => [await underFlood(bench), await underLoad(bench)],
};

/** All three at once, so that every table is full at the same time; scraped meanwhile, as it would be. */
async function underFlood(bench: Bench): Promise<Figure> {
  const collector = await startCollectorOn('disk');
  try {
    const events = scaled(bench, EVENTS);
    bench.progress(`flood: ${events.toLocaleString('en-US')} sessions, tools and sources`);
    const floods: Flood[] = [sessions(events), tools(events), sources(events)];
    const scraping = setInterval(() => {
      void fetch(`http://127.0.0.1:${collector.operations}/metrics`)
        .then((response) => response.text())
        .catch(() => {});
    }, 5_000);
    await Promise.all(floods.map((of) => send(collector.port, of))).finally(() => clearInterval(scraping));
    return figure(
      `flood of 3 × ${events.toLocaleString('en-US')} names`,
      (await collector.child.usage()).peakRssBytes,
    );
  } finally {
    await collector.end();
  }
}

async function underLoad(bench: Bench): Promise<Figure> {
  const collector = await startCollectorOn('disk');
  try {
    bench.progress('flood: full load');
    const shape = { format: 'json', eventsPerRequest: 100 } as const;
    await bench.load.send(collector, shape, scaled(bench, LOAD_REQUESTS));
    return figure('full load, JSON × 100', (await collector.child.usage()).peakRssBytes);
  } finally {
    await collector.end();
  }
}

const figure = (under: string, peakRssBytes: number): Figure => ({
  name: `largest RSS, ${under}`,
  unit: 'MiB',
  rounds: [peakRssBytes / MIB],
  demand: atMost(peakRssBytes / MIB, MOST_MIB, 'MiB'),
});
