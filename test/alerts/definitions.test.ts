import { describe, expect, test } from 'vitest';
import { onlySaysToLook } from '../../alerts/action.ts';
import { alert } from '../../alerts/alert.ts';
import { allAlerts } from '../../alerts/all.ts';
import { filledIn, templates } from '../../alerts/compile/wording.ts';
import { type ResolvedAlert, resolveAlerts } from '../../alerts/resolve.ts';
import { dlpBlockSpike } from '../../alerts/security.ts';
import { collectorMetrics } from '../../collector/catalogue/collector-metrics.ts';
import { secondsOf } from '../../collector/catalogue/duration.ts';
import { faultsOf } from '../known-names.ts';
import { parsePromql } from '../promql.ts';

const resolved: readonly ResolvedAlert[] = Object.values(resolveAlerts());
const each = test.each(resolved.map((one) => [one.name, one] as const));

describe('the alerts of the contract', () => {
  test.each([
    ['DlpBlockSpike', 'critical', 10, 'sum(mcp_dlp_blocks_window_peak{window="60s"}) > 10'],
    [
      'AuthFailureBurst',
      'critical',
      5,
      '(sum by (source) (mcp_auth_failures_window_peak{window="30s"}) > 5) unless on () (count(sum by (source) (mcp_auth_failures_window_peak{window="30s"}) > 5) > 20)',
    ],
    [
      'SessionAnomaly',
      'warning',
      undefined,
      'max by (session_type) (mcp_session_unique_tools_peak) > (max by (session_type) (mcp_session_unique_tools_baseline) * 3)',
    ],
  ] as const)('%s fires on exactly this', (name, severity, limit, expression) => {
    const one = resolveAlerts()[name];
    expect([one.severity, one.limit, one.expression, one.for]).toEqual([
      severity,
      limit,
      expression,
      undefined,
    ]);
  });

  test.each([
    ['ToolErrorSustained', 0.2, '[5m]', '>= 20'],
    ['LatencyDegradation', 2, '[10m]', '>= 100'],
  ] as const)('%s has its limit, its window and a floor under the traffic', (name, limit, window, floor) => {
    const { expression, ...one } = resolveAlerts()[name];
    expect([one.severity, one.limit, one.labels]).toEqual(['warning', limit, ['server', 'tool']]);
    expect(expression).toContain(window);
    expect(expression).toContain(floor);
  });

  test('have the runbooks that the contract names', () => {
    const alerts = resolveAlerts();
    expect([
      alerts.DlpBlockSpike.runbook,
      alerts.ToolErrorSustained.runbook,
      alerts.SessionAnomaly.runbook,
      alerts.AuthFailureBurst.runbook,
      alerts.LatencyDegradation.runbook,
    ]).toEqual([
      'ir-dlp-block-spike',
      'ir-tool-degradation',
      'ir-session-anomaly',
      'ir-auth-failure',
      'ir-latency',
    ]);
  });
});

describe('every alert', () => {
  each('%s parses, and names only what the catalogue has', (_, one) => {
    for (const promql of [one.expression, one.measure, one.limitExpression ?? '0']) {
      expect(faultsOf(promql), promql).toEqual([]);
    }
  });

  each('%s has a test in which it fires and one in which it is silent', (name, { definition, settled }) => {
    const expectations = definition.tests(settled, 300).flatMap(({ expect: all }) => all);
    expect(expectations.some(({ firing }) => firing.length > 0)).toBe(true);
    // Watchdog is silent only when nothing is there to say so.
    const isSilent = expectations.some(({ firing, silent }) => firing.length === 0 && silent === undefined);
    expect(isSilent).toBe(name !== 'Watchdog');
  });

  each(
    '%s words its summary and description for every label, and shows the value it measured',
    (name, one) => {
      const { summary, description, action } = templates(one);
      for (const text of [summary, description, action]) expect(text).toMatch(/^\S.{20,}[^\s]$/s);
      for (const label of one.labels) expect(summary + description).toContain(`{{ $labels.${label} }}`);
      const hasNoValue = ['CollectorDown', 'Watchdog', 'TargetDown', 'ConfigReloadFailing'].includes(name);
      expect(summary.includes('$value')).toBe(!hasNoValue);
    },
  );

  test('has a name of its own and a runbook of its own', () => {
    expect(new Set(allAlerts.map(({ name }) => name)).size).toBe(allAlerts.length);
    expect(new Set(allAlerts.map(({ runbook }) => runbook)).size).toBe(allAlerts.length);
    for (const { name } of allAlerts) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
  });

  test('that measures a burst has no waiting time, since the burst would be over first', () => {
    const bursts = resolved.filter(({ burst }) => burst !== undefined);
    expect(bursts.map(({ name }) => name)).toEqual(['DlpBlockSpike', 'AuthFailureBurst']);
    for (const one of bursts) expect(one.for).toBeUndefined();
  });

  test('stays at least as long as a group waits for its next turn', () => {
    for (const { keepFiringFor } of resolved) expect(secondsOf(keepFiringFor)).toBeGreaterThanOrEqual(120);
  });
});

test('every loss that the collector counts is watched by an alert', () => {
  const watched = new Set(resolved.flatMap(({ expression }) => parsePromql(expression).metrics));
  const losses = [
    collectorMetrics.collectorRejections,
    collectorMetrics.collectorSenderDrops,
    collectorMetrics.collectorLateEvents,
    collectorMetrics.collectorSeriesOverflow,
    collectorMetrics.collectorEvictions,
    collectorMetrics.collectorJournalErrors,
    collectorMetrics.collectorCorruptRecords,
    collectorMetrics.collectorJournalCompressErrors,
    collectorMetrics.collectorJournalDeleteErrors,
    collectorMetrics.collectorSnapshotErrors,
  ];
  expect(losses.map(({ name }) => name).filter((name) => !watched.has(name))).toEqual([]);
});

describe('an action', () => {
  test.each([
    'Check the dashboard.',
    'Investigate.',
    'Open the dashboard and look at the graph; then review the logs.',
    'Please monitor the situation and see if it gets worse.',
    '',
  ])('that only says to look is refused: %s', (action) => {
    expect(onlySaysToLook(action)).toBe(true);
    expect(() => alert({ ...dlpBlockSpike, action })).toThrow('DlpBlockSpike: the action');
  });

  test.each([
    'Check the tool server; disable the tool if it does not respond.',
    'Review the audit trail of the session; kill it if it is suspicious.',
    'Restart the collector.',
    'If the disk is full, enlarge it.',
  ])('that says what to do is taken: %s', (action) => {
    expect(onlySaysToLook(action)).toBe(false);
  });
});

describe('wording', () => {
  const { AuthFailureBurst, ToolErrorSustained, LatencyDegradation } = resolveAlerts();

  test('is filled in as Prometheus does', () => {
    const labels = { server: 'files', tool: 'read', source: '203.0.113.7' };
    expect(filledIn(AuthFailureBurst, { labels, value: 6 }).summary).toBe(
      '6 auth failures within 30s from 203.0.113.7',
    );
    expect(filledIn(AuthFailureBurst, { labels, value: 123_456 }).summary).toMatch(/^123\.5k /);
    expect(filledIn(ToolErrorSustained, { labels, value: 0.2101 }).summary).toMatch(
      /^21\.01% of calls to read/,
    );
    expect(filledIn(LatencyDegradation, { labels, value: 3_725 }).summary).toMatch(/1h 2m 5s$/);
    expect(filledIn(LatencyDegradation, { labels, value: 0.25 }).summary).toMatch(/250ms$/);
  });

  test('links the runbook below the base that is configured, else names its path', () => {
    expect(AuthFailureBurst.runbookUrl).toBe('runbooks/ir-auth-failure.md');
    expect(resolveAlerts({}, 'https://example.org/runbooks/').AuthFailureBurst.runbookUrl).toBe(
      'https://example.org/runbooks/ir-auth-failure.md',
    );
    for (const base of ['docs/runbooks', 'javascript:alert(1)', 'https://example.org/?page=', '']) {
      expect(() => resolveAlerts({}, base)).toThrow(
        'stack.config.ts: runbookBaseUrl must be an http or https address',
      );
    }
  });
});
