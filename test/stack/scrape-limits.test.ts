import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { exposedMetrics } from '../../collector/catalogue/catalogue.ts';
import type { Metric } from '../../collector/catalogue/metric.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { endpointLabel } from '../../collector/series-bounds.ts';
import { artefacts } from '../../stack/artefacts.ts';
import { defineStack } from '../../stack/config.ts';

const longest = (text: string) => text.padEnd(128, '語');
/** As many bytes as an open label can have; numbers that share no factor, so that all sets of labels differ. */
const value = (label: string, i: number) => {
  if (label === 'from') return endpointLabel(longest(`s${i % 13}`), longest(`t${i % 37}`));
  if (label === 'to') return endpointLabel(longest(`s${i % 11}`), longest(`t${i % 43}`));
  const counts: Record<string, number> = { server: 199, tool: 997, client: 47, rule: 193 };
  return longest(`${label}${i % (counts[label] ?? 49)}`);
};

function labelsOf(metric: Metric, i: number): Record<string, string> {
  const labels = Object.entries(metric.labels).map(([name, label]) => [
    name,
    'bound' in label ? value(name, i) : label[0]!,
  ]);
  return Object.fromEntries(labels);
}

test('a scrape at every bound, with names as long as they can be, is within the limits of its job', async () => {
  const instruments = createInstruments(collectorDefaults, Date.now);
  for (const metric of Object.values<Metric>(exposedMetrics)) {
    for (let i = 0; i < collectorDefaults.limits.seriesPerMetric + 100; i++) {
      const labels = labelsOf(metric, i) as never;
      if (metric.kind === 'gauge') instruments.set(metric as Metric<'gauge'>, labels, 1 / 3);
      else if (metric.kind === 'counter') instruments.inc(metric as Metric<'counter'>, labels);
      else instruments.observe(metric as Metric<'histogram'>, labels, 1);
    }
  }
  const text = await instruments.exposition();
  const { scrape_configs } = parse(artefacts(defineStack()).prometheusYml);
  const job = scrape_configs.find((one: { job_name: string }) => one.job_name === 'collector');
  const bytes = Buffer.byteLength(text);
  // Fixed at 64 MiB once, which such names pass.
  expect(bytes).toBeGreaterThan(64 * 2 ** 20);
  expect(bytes).toBeLessThan(Number.parseInt(job.body_size_limit, 10) * 2 ** 20);
  expect(text.split('\n').filter((line) => !line.startsWith('#')).length).toBeLessThan(job.sample_limit);
  const longestLine = Math.max(...text.split('\n').map((line) => Buffer.byteLength(line)));
  expect(longestLine * job.sample_limit).toBeLessThan(Number.parseInt(job.body_size_limit, 10) * 2 ** 20);
});
