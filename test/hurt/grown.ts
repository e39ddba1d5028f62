/** What a counter of a collector process has come to, as two scrapes see it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Metric } from '../../collector/catalogue/metric.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { sampleValue } from '../collector/exposition.ts';

interface Scraped {
  operations(path: string): Promise<{ status: number; text: string }>;
}

/**
 * New series show their counts to the first scrape that comes 1.5 scrape intervals after one that showed their zeros; a
 * collector that is waited for here should have a short interval.
 */
export async function grown(
  collector: Scraped,
  metric: Metric<'counter'>,
  labels: Readonly<Record<string, string>> = {},
  scrapeSeconds = collectorDefaults.scrapeIntervalSeconds,
): Promise<number> {
  await collector.operations('/metrics');
  await sleep(scrapeSeconds * 1_600);
  const { text } = await collector.operations('/metrics');
  return sampleValue(text, metric, labels) ?? 0;
}
