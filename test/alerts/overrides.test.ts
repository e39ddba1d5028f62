import { describe, expect, test } from 'vitest';
import { compileAlerts } from '../../alerts/compile.ts';
import { type AlertOverrides, checkOverrides } from '../../alerts/overrides.ts';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { configOf } from './compiled.ts';

describe('an override', () => {
  test('changes the rule, its wording, its panel and what the collector counts', () => {
    const overrides: AlertOverrides = { AuthFailureBurst: { above: 7, window: '2m' } };
    const { AuthFailureBurst, AuthFailureStorm } = resolveAlerts(overrides);
    expect(AuthFailureBurst.expression).toContain('mcp_auth_failures_window_peak{window="120s"}) > 7');
    expect(AuthFailureBurst.limit).toBe(7);
    const compiled = compileAlerts(configOf(overrides));
    expect(compiled.burstWindows).toContainEqual({ event: 'auth_failure', windowSeconds: 120, limit: 7 });
    expect(compiled.rules['mcp-fast.yaml']).toContain('auth failures within 2m from');
    // The storm counts the same bursts.
    expect(AuthFailureStorm.expression).toBe(
      'count(sum by (source) (mcp_auth_failures_window_peak{window="120s"}) > 7) > 20',
    );
  });

  test('of the diversity of a session reaches the collector, which calls the same sessions findings', () => {
    expect(compileAlerts(configOf()).toolDiversityFactor).toBe(3);
    expect(compileAlerts(configOf({ SessionAnomaly: { factor: 4.5 } })).toolDiversityFactor).toBe(4.5);
  });

  test('of the severity changes the label that routing goes by', () => {
    const { rules } = compileAlerts(configOf({ LatencyDegradation: { severity: 'critical' } }));
    expect(rules['mcp-slow.yaml']?.match(/severity: critical/g)).toHaveLength(1);
  });

  test('switches an alert off, with its tests, but not what panels show of it', () => {
    const compiled = compileAlerts(configOf({ DlpBlockSpike: { enabled: false } }));
    expect(compiled.rules['mcp-fast.yaml']).not.toContain('DlpBlockSpike');
    expect(Object.keys(compiled.tests)).not.toContain('DlpBlockSpike.yaml');
    expect(compiled.burstWindows.map(({ event }) => event)).toContain('dlp_block');
    expect(compiled.runbooks['ir-dlp-block-spike.md']).toContain('switched off');
  });

  test('that switches the storm off lets every source page for itself', () => {
    const { AuthFailureBurst } = resolveAlerts({ AuthFailureStorm: { enabled: false } });
    expect(AuthFailureBurst.expression).not.toContain('unless');
  });

  test('that leaves a group without alerts leaves its file out', () => {
    const off = { enabled: false };
    const { rules } = compileAlerts(
      configOf({
        SessionAnomaly: off,
        FindingsToReview: off,
        ToolErrorSustained: off,
        LatencyDegradation: off,
      }),
    );
    expect(Object.keys(rules)).toEqual(['mcp-fast.yaml', 'pipeline.yaml']);
  });

  const wrong: [unknown, string][] = [
    [{ ToolErrorSustaind: {} }, 'alerts.ToolErrorSustaind is not an alert (known: DlpBlockSpike, '],
    [JSON.parse('{"__proto__": {"enabled": false}}'), 'alerts.__proto__ is not an alert'],
    [{ constructor: {} }, 'alerts.constructor is not an alert'],
    [{ DlpBlockSpike: false }, 'alerts.DlpBlockSpike must be an object such as { enabled: false }'],
    [
      { DlpBlockSpike: { over: 3 } },
      'alerts.DlpBlockSpike.over is not a setting (known here: above, window, enabled, severity, keepFiringFor)',
    ],
    [{ DlpBlockSpike: { for: '1m' } }, 'alerts.DlpBlockSpike.for is not a setting'],
    [
      { DlpBlockSpike: { above: '10' } },
      'alerts.DlpBlockSpike.above must be a number, zero or more, not "10"',
    ],
    [
      { ToolErrorSustained: { above: -1 } },
      'alerts.ToolErrorSustained.above must be a number, zero or more, not -1',
    ],
    [{ ToolErrorSustained: { above: Number.NaN } }, 'alerts.ToolErrorSustained.above must be a number'],
    [
      { ToolErrorSustained: { above: 20 } },
      'alerts.ToolErrorSustained: above is a share of calls and must be below 1',
    ],
    [
      { ToolErrorSustained: { minimumCalls: 0 } },
      'alerts.ToolErrorSustained: minimumCalls must be at least 1',
    ],
    [
      { ToolErrorSustained: { window: '5' } },
      'alerts.ToolErrorSustained.window must be a duration such as "5m", not "5"',
    ],
    [{ ToolErrorSustained: { window: '10s' } }, 'alerts.ToolErrorSustained.window must be at least 30s'],
    [
      { LatencyDegradation: { above: 300 } },
      'alerts.LatencyDegradation: above must be at least 0.01 and below 300',
    ],
    [{ AuthFailureBurst: { above: 5.5 } }, 'alerts.AuthFailureBurst: above must be a whole number'],
    [
      { AuthFailureBurst: { window: '1500ms' } },
      'alerts.AuthFailureBurst: above must be a whole number from 1 and window whole seconds',
    ],
    [
      { AuthFailureBurst: { window: '2h' } },
      'alerts.AuthFailureBurst: above must be a whole number from 1 and window whole seconds up to 1h',
    ],
    [{ AuthFailureStorm: { above: 0 } }, 'alerts.AuthFailureStorm: above must be at least 1'],
    [{ SessionAnomaly: { factor: 0.5 } }, 'alerts.SessionAnomaly: factor must be at least 1'],
    [
      { Watchdog: { severity: 'page' } },
      'alerts.Watchdog.severity must be critical, warning, none, not "page"',
    ],
    [{ Watchdog: { enabled: 'no' } }, 'alerts.Watchdog.enabled must be true or false, not "no"'],
    [{ TargetDown: { keepFiringFor: '1m' } }, 'alerts.TargetDown.keepFiringFor must be at least 120s'],
  ];
  test.each(wrong)('%j is refused with one sentence', (overrides, sentence) => {
    const refused = () => checkOverrides(overrides as AlertOverrides);
    expect(refused).toThrow(`stack.config.ts: ${sentence}`);
    expect(() => compileAlerts(configOf(overrides as AlertOverrides))).toThrow(sentence);
  });
});
