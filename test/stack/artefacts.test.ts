import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { pagerDuty, slack, webhook } from '../../alerts/routing/receivers.ts';
import { exposedMetrics } from '../../collector/catalogue/catalogue.ts';
import { collectorDefaults, readCollectorConfig } from '../../collector/config.ts';
import { findBinaries } from '../../run/binaries/find.ts';
import type { Binaries } from '../../run/binaries/tools.ts';
import { artefactFiles, artefacts } from '../../stack/artefacts.ts';
import { defineStack } from '../../stack/config.ts';
import { collectorSampleLimit } from '../../stack/prometheus.ts';

const run = promisify(execFile);
const config = defineStack({
  receivers: { page: [pagerDuty()], notify: [slack({ channel: '#mcp' })], deadman: [webhook()] },
  servers: { github: { owner: 'platform', environment: 'production', clients: ['agent'] } },
});

describe('what a configuration means, as files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-dist-'));
  const file = (path: string) => join(folder, path);
  let binaries: Binaries;

  beforeAll(async () => {
    binaries = await findBinaries();
    for (const [path, text] of Object.entries(artefactFiles(artefacts(config)))) {
      mkdirSync(dirname(file(path)), { recursive: true });
      writeFileSync(file(path), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('promtool accepts the Prometheus configuration together with the rules it names', async () => {
    const { stdout } = await run(binaries.promtool.path, [
      'check',
      'config',
      file('prometheus/prometheus.yml'),
    ]);
    expect(stdout).toMatch(/SUCCESS: .*prometheus\.yml is valid/);
    expect(stdout.match(/SUCCESS: \d+ rules found/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('amtool accepts the Alertmanager configuration', async () => {
    const { stdout } = await run(binaries.amtool.path, [
      'check-config',
      file('alertmanager/alertmanager.yml'),
    ]);
    expect(stdout).toContain('SUCCESS');
  });

  test('the collector reads its own file, which holds the windows that alerts ask for', () => {
    const read = readCollectorConfig(file('collector/collector.json'));
    expect(read.burstWindows).toEqual([
      { event: 'dlp_block', windowSeconds: 60, limit: 10 },
      { event: 'auth_failure', windowSeconds: 30, limit: 5 },
    ]);
    expect(read.toolDiversityFactor).toBe(3);
    expect(read.servers).toEqual(config.servers);
  });

  test.each([
    [{ servers: { github: { onwer: 'me', environment: 'production' } } }, /: servers\.github .*owner/],
    [
      { servers: { github: { owner: 'me', environment: 'x', clients: 'desk' } } },
      /: servers\.github\.clients /,
    ],
    [{ sessionTypes: [{ type: 'coding', sever: 'github' }] }, /: sessionTypes\.0\.sever is not a known/],
    [{ collector: { limits: { sessions: -1 } } }, /: collector\.limits\.sessions must be >= 1$/],
    [{ collector: { limits: { sessions: Number.NaN } } }, /: collector\.limits\.sessions must be integer$/],
    [{ collector: { latenessSeconds: 0 } }, /: collector\.latenessSeconds must be > 0$/],
  ])('what the collector would refuse to start with is refused here, with its key: %j', (options, said) => {
    expect(() => artefacts(defineStack(options as never))).toThrow(/^stack\.config\.ts/);
    expect(() => artefacts(defineStack(options as never))).toThrow(said);
  });

  test('a limit changed in one place changes the rule, its test, the window and the panel', () => {
    const changed = artefacts(defineStack({ alerts: { AuthFailureBurst: { above: 7, window: '45s' } } }));
    expect(changed.rules['mcp-fast.yaml']).toContain('mcp_auth_failures_window_peak{window="45s"}) > 7');
    expect(JSON.parse(changed.collectorJson).burstWindows).toContainEqual({
      event: 'auth_failure',
      windowSeconds: 45,
      limit: 7,
    });
    const before = artefacts(defineStack());
    for (const part of ['ruleTests', 'dashboards'] as const) expect(changed[part]).not.toEqual(before[part]);
  });

  test('is the same twice', () => {
    expect(artefactFiles(artefacts(config))).toEqual(artefactFiles(artefacts(config)));
  });

  test('says who is not told when nobody is configured', () => {
    expect(artefacts(defineStack()).warnings.join('\n')).toContain('receivers.page');
  });
});

describe('the sample limit of the collector’s scrape', () => {
  test('is never below what the collector may expose by its own bounds', () => {
    const limits = { ...collectorDefaults.limits, seriesPerMetric: 100 };
    const { buckets } = exposedMetrics.toolCallDuration;
    expect(collectorSampleLimit(limits)).toBeGreaterThan(101 * (buckets!.length + 3 + 11));
    expect(collectorSampleLimit(collectorDefaults.limits)).toBeGreaterThan(collectorSampleLimit(limits));
  });

  test('drops the replica from alerts, so that two servers’ alerts are one', () => {
    const { alerting } = parse(artefacts(config).prometheusYml);
    expect(alerting.alert_relabel_configs).toEqual([{ regex: 'replica', action: 'labeldrop' }]);
  });
});
