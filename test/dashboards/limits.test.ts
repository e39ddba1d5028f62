import { describe, expect, test } from 'vitest';
import type { AlertName } from '../../alerts/all.ts';
import { type ResolvedAlerts, resolveAlerts } from '../../alerts/resolve.ts';
import { compiled, type ReadPanel } from './compiled.ts';

const base = 'https://example.org/runbooks';
const defaults = resolveAlerts({}, base);

/** Panels that name the alert in their description. */
const panelsOf = (alerts: ResolvedAlerts, name: AlertName): ReadPanel[] =>
  compiled(alerts)
    .flatMap(({ panels }) => panels)
    .filter(({ description }) => description?.includes(`**Alert:** ${name}, runbook`));

const drawnLimits = ({ fieldConfig }: ReadPanel) =>
  fieldConfig?.defaults.custom?.thresholdsStyle?.mode === 'dashed'
    ? fieldConfig.defaults.thresholds?.steps.filter(({ color }) => color === 'red').map(({ value }) => value)
    : undefined;

/** Alerts that no panel belongs to, and why. */
const withoutPanel: Partial<Record<AlertName, string>> = {
  Watchdog: 'It always fires; the table of alerts shows it.',
};

const names = Object.keys(defaults) as AlertName[];
const withNumber = names.filter((name) => defaults[name].limit !== undefined);

describe('alerts on panels', () => {
  test.each(names.filter((name) => !withoutPanel[name]))('%s has a panel that links its runbook', (name) => {
    const panels = panelsOf(defaults, name);
    expect(panels).not.toEqual([]);
    for (const panel of panels) {
      expect(panel.links).toEqual([
        expect.objectContaining({
          title: `Runbook of ${name}`,
          url: defaults[name].runbookUrl,
          type: 'link',
        }),
      ]);
    }
  });

  test.each(withNumber)(
    '%s is drawn as it is measured, with its limit as a dashed red line in view',
    (name) => {
      const drawn = panelsOf(defaults, name).filter((panel) => drawnLimits(panel));
      expect(drawn).not.toEqual([]);
      for (const panel of drawn) {
        const limit = defaults[name].limit!;
        expect(drawnLimits(panel)).toEqual([limit]);
        expect(panel.fieldConfig!.defaults.custom.axisSoftMax).toBeGreaterThan(limit);
        expect(panel.targets.some(({ expr }) => expr.includes(defaults[name].measure))).toBe(true);
      }
    },
  );

  test('a limit that is itself a measure is a dashed red series', () => {
    const [panel] = panelsOf(defaults, 'SessionAnomaly');
    const limit = panel!.targets.find(({ expr }) => expr === defaults.SessionAnomaly.limitExpression);
    expect(panel!.fieldConfig!.overrides).toEqual([
      expect.objectContaining({
        matcher: { id: 'byFrameRefID', options: limit!.refId },
        properties: expect.arrayContaining([
          { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
          { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
        ]),
      }),
    ]);
  });

  test('follows the limit and the window of the configuration', () => {
    const changed = resolveAlerts(
      {
        ToolErrorSustained: { above: 0.1, window: '15m' },
        DlpBlockSpike: { above: 25, window: '90s' },
        SessionAnomaly: { factor: 4 },
      },
      base,
    );
    const [errors] = panelsOf(changed, 'ToolErrorSustained');
    expect(drawnLimits(errors!)).toEqual([0.1]);
    expect(errors!.targets[0]!.expr).toContain('[15m]');
    const [blocks] = panelsOf(changed, 'DlpBlockSpike');
    expect(drawnLimits(blocks!)).toEqual([25]);
    expect(blocks!.targets[0]!.expr).toContain('window="90s"');
    const [diversity] = panelsOf(changed, 'SessionAnomaly');
    expect(diversity!.targets[1]!.expr).toMatch(/ \* 4$/);
  });

  test('an alert that is off draws no limit and links no runbook', () => {
    const off = resolveAlerts({ LatencyDegradation: { enabled: false } }, base);
    expect(panelsOf(off, 'LatencyDegradation')).toEqual([]);
    const p99 = compiled(off)
      .flatMap(({ panels }) => panels)
      .filter(({ title }) => title === 'p99 by tool');
    expect(p99).not.toEqual([]);
    for (const panel of p99) {
      expect(drawnLimits(panel)).toBeUndefined();
      expect(panel.links).toBeUndefined();
    }
  });

  test('without an address for runbooks a panel names its runbook and links nothing', () => {
    const [panel] = panelsOf(resolveAlerts(), 'AuthFailureBurst');
    expect(panel!.links).toBeUndefined();
    expect(panel!.description).toContain('runbook ir-auth-failure');
  });

  test('the firing counts are 0 only while the rules are evaluated', () => {
    const critical = (alerts: ResolvedAlerts) =>
      compiled(alerts)[0]!.panels.find(({ title }) => title === 'Critical alerts')!.targets[0]!.expr;
    expect(critical(defaults)).toContain('or (count(ALERTS{alertstate="firing",alertname="Watchdog"}) * 0)');
    expect(critical(resolveAlerts({ Watchdog: { enabled: false } }))).toContain('or (vector(1) * 0)');
  });
});
