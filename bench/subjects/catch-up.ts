/** A flood of sessions that the index cannot take in meanwhile: how long it then needs, and the memory of both together. */
import { setTimeout as sleep } from 'node:timers/promises';
import { collectorIndexLag } from '../../collector/catalogue/collector-metrics.ts';
import { startCollectorOn } from '../collector.ts';
import { atMost, type Figure } from '../figures.ts';
import { send, sessions, sources, tools } from '../flood/flood.ts';
import { type Bench, type Subject, scaled } from '../subject.ts';

/** Of each: enough to fill every table many times. */
const NAMES = 200_000;
const FLOODS = [sessions, tools, sources];
const SCRAPE_EVERY_MS = 1_000;
const MIB = 2 ** 20;
const MOST_MIB = 512;
/** A scrape takes as long as the interval at most. */
const MOST_SCRAPE_MS = 5_000;

export const catchUp: Subject = {
  what: 'the index after a flood of sessions, tools and sources: its time, the memory, and the slowest scrape',
  measure: async (bench: Bench): Promise<Figure[]> => {
    const collector = await startCollectorOn('disk');
    try {
      const names = scaled(bench, NAMES);
      bench.progress('catch-up: the flood');
      let slowestMs = 0;
      const scrape = async () => {
        const startedAt = performance.now();
        const response = await fetch(`http://127.0.0.1:${collector.operations}/metrics`);
        const text = await response.text();
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        return text;
      };
      let flooding = true;
      const scraping = (async () => {
        for (; flooding; await sleep(SCRAPE_EVERY_MS)) await scrape();
      })();
      await Promise.all(FLOODS.map((flood) => send(collector.port, flood(names))));
      flooding = false;
      await scraping;
      bench.progress('catch-up: the index');
      const floodedAt = performance.now();
      while (!isWhole(await scrape())) await sleep(SCRAPE_EVERY_MS / 10);
      const seconds = (performance.now() - floodedAt) / 1_000;
      const peakMib = (await collector.child.usage()).peakRssBytes / MIB;
      const flood = `flood of 3 × ${names.toLocaleString('en-US')} names`;
      return [
        { name: `the index is whole after a ${flood}`, unit: 's', rounds: [seconds] },
        {
          name: `largest RSS, ${flood} and the index after it`,
          unit: 'MiB',
          rounds: [peakMib],
          demand: atMost(peakMib, MOST_MIB, 'MiB'),
        },
        {
          name: `slowest scrape, ${flood}`,
          unit: 'ms',
          rounds: [slowestMs],
          demand: atMost(slowestMs, MOST_SCRAPE_MS, 'ms'),
        },
      ];
    } finally {
      await collector.end();
    }
  },
};

/** Whether the index lacks nothing. */
const isWhole = (exposition: string) => exposition.includes(`\n${collectorIndexLag.name} 0\n`);
