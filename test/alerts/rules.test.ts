import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onLines } from '../../alerts/compile/layout.ts';
import { compileAlerts } from '../../alerts/compile.ts';
import type { AlertOverrides } from '../../alerts/overrides.ts';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { configOf, Folder, judge, runUnitTests, writeRules } from './compiled.ts';

/** The text of one rule of a rule file. */
const ruleOf = (file: string, name: string) =>
  file.split(/(?=^ {6}- alert: )/m).find((rule) => rule.startsWith(`      - alert: ${name}\n`));

describe('rule files', () => {
  const folder = new Folder();
  const compiled = compileAlerts(configOf());
  beforeAll(() => writeRules(folder, compiled));
  afterAll(() => folder.remove());

  test('pass promtool check rules, each alert in one of three groups', async () => {
    const { ok, text } = await judge(
      'promtool',
      ['check', 'rules', ...Object.keys(compiled.rules)],
      folder.path,
    );
    const inGroup = (group: string) => Object.values(resolveAlerts()).filter((one) => one.group === group);
    const counts = [...text.matchAll(/(\d+) rules found/g)].map(([, found]) => Number(found));
    expect(counts).toEqual(['fast', 'slow', 'pipeline'].map((group) => inGroup(group).length));
    expect(ok, text).toBe(true);
  });

  test('are evaluated every 5 s where the delay counts', () => {
    const intervals = Object.values(compiled.rules).map((file) =>
      /name: (\S+)\n +interval: (\S+)/.exec(file),
    );
    expect(intervals.map((found) => found?.slice(1))).toEqual([
      ['mcp-fast', '5s'],
      ['mcp-slow', '15s'],
      ['pipeline', '15s'],
    ]);
  });

  test('hold what a page needs', () => {
    expect(ruleOf(compiled.rules['mcp-fast.yaml']!, 'AuthFailureBurst')).toMatchInlineSnapshot(`
      "      - alert: AuthFailureBurst
              expr: |-
                (sum by (source) (mcp_auth_failures_window_peak{window="30s"}) > 5)
                unless on ()
                (count(sum by (source) (mcp_auth_failures_window_peak{window="30s"}) > 5) > 20)
              keep_firing_for: 5m
              labels:
                severity: critical
              annotations:
                summary: "{{ $value | humanize }} auth failures within 30s from {{ $labels.source }}"
                description: "{{ $labels.source }} failed to authenticate {{ $value | humanize }} times within 30s; more than 5 is an alarm. Somebody guesses credentials, or a client retries with credentials that were revoked."
                action: Block the source at the gateway; then rotate the credentials it tried, and revoke them if one attempt succeeded.
                runbook_url: runbooks/ir-auth-failure.md
      "
    `);
  });

  test('come out the same twice', () => {
    expect(compileAlerts(configOf())).toEqual(compiled);
  });

  test('break an expression only between its outermost operands', () => {
    expect(onLines('(a and b) unless on (x) (c{y=" and (z"} or d)')).toBe(
      '(a and b)\nunless on (x)\n(c{y=" and (z"} or d)',
    );
    expect(onLines('sum by (a) (b) > 1')).toBe('sum by (a) (b) > 1');
  });
});

describe('unit tests of the rules', () => {
  const settings: [string, AlertOverrides][] = [
    ['with the defaults', {}],
    [
      'with other limits and windows',
      {
        AuthFailureBurst: { above: 7, window: '2m' },
        AuthFailureStorm: { above: 300 },
        DlpBlockSpike: { above: 1, window: '1h', keepFiringFor: '10m', severity: 'warning' },
        SessionAnomaly: { factor: 2.5 },
        ToolErrorSustained: { above: 0.57, window: '30s', minimumCalls: 50_000 },
        LatencyDegradation: { above: 3, window: '1m', minimumCalls: 10, minimumSlowCalls: 7 },
        CollectorDown: { for: '17s' },
        IngestRejecting: { above: 0, window: '30s' },
        SeriesOverflow: { above: 12_345, window: '2h' },
        AlertsUndelivered: { for: '20m', window: '100s' },
        TargetDown: { for: '1h' },
      },
    ],
    [
      'at the ends of what may be set',
      {
        AuthFailureBurst: { above: 1, window: '1s' },
        AuthFailureStorm: { above: 1 },
        SessionAnomaly: { factor: 1 },
        ToolErrorSustained: { above: 0, minimumCalls: 1 },
        LatencyDegradation: { above: 250, window: '30m', minimumCalls: 1, minimumSlowCalls: 1 },
        DlpBlockSpike: { enabled: false },
      },
    ],
  ];
  test.each(settings)(
    'pass %s',
    async (_, overrides) => {
      const { ok, text } = await runUnitTests(overrides);
      expect(ok, text).toBe(true);
    },
    240_000,
  );

  const limited = Object.values(resolveAlerts()).filter(({ limit }) => limit !== undefined);
  test.each(limited.map(({ name }) => name))(
    'of %s fail when it fires at its limit, or only well above it',
    async (name) => {
      const compiled = compileAlerts(configOf());
      const { limit } = resolveAlerts()[name];
      const [file, text] = Object.entries(compiled.rules).find(([, rules]) => ruleOf(rules, name))!;
      const rule = ruleOf(text, name)!;
      for (const comparison of [`>= ${limit}`, `> ${limit! * 1.5 + 1}`]) {
        // The limit is compared where the measure ends: after its last parenthesis.
        const changed = rule.replace(
          new RegExp(`\\) > ${String(limit).replace('.', '\\.')}(?=[)\\n])`),
          `) ${comparison}`,
        );
        expect(changed).not.toBe(rule);
        const folder = new Folder();
        writeRules(folder, compiled);
        folder.write(file, text.replace(rule, changed));
        const verdict = await judge('promtool', ['test', 'rules', `tests/${name}.yaml`], folder.path);
        folder.remove();
        expect(verdict.ok, `${comparison}\n${verdict.text}`).toBe(false);
      }
    },
  );
});
