/** The way to a page must be short and single: bursts come by one job, which nothing else can slow. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { pagingMetrics } from '../../collector/catalogue/catalogue.ts';
import { artefacts } from '../../stack/artefacts.ts';
import { defineStack } from '../../stack/config.ts';

const written = artefacts(defineStack());
const { scrape_configs } = parse(written.prometheusYml);
const jobOf = (name: string) => scrape_configs.find((one: { job_name: string }) => one.job_name === name);
const paging = Object.values(pagingMetrics).map(({ name }) => name);

test('every alert that pages within seconds asks for nothing but what /metrics/alerts shows', () => {
  const files = Object.values(written.rules).map((text) => parse(text as string));
  const fast = files.flatMap(({ groups }) => groups).find(({ name }) => name === 'mcp-fast');
  expect(fast.rules.length).toBeGreaterThan(2);
  for (const { expr } of fast.rules) {
    const asked: string[] = expr.match(/\bmcp_\w+/g);
    expect(asked.filter((name) => !paging.includes(name))).toEqual([]);
  }
});

test('bursts are taken from /metrics/alerts alone, of the same targets and as often as the rest', () => {
  const main = jobOf('collector');
  const alerts = jobOf('collector-alerts');
  expect(alerts.metrics_path).toBe('/metrics/alerts');
  expect(alerts.dns_sd_configs).toEqual(main.dns_sd_configs);
  expect([main.scrape_interval, alerts.scrape_interval]).toEqual([undefined, undefined]);
  const [{ source_labels, regex, action }] = main.metric_relabel_configs;
  expect({ source_labels, action }).toEqual({ source_labels: ['__name__'], action: 'drop' });
  for (const name of paging) expect(new RegExp(`^(?:${regex})$`).test(name)).toBe(true);
});
