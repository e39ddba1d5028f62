/** Everything that the alerts of one stack mean for others: rules, their tests, routing, runbooks, bursts to count. */
import type { BurstWindow } from '../collector/catalogue/burst-window.ts';
import { compileAlertmanager, SECRETS_DIRECTORY } from './compile/alertmanager.ts';
import { compileRules } from './compile/rules.ts';
import { compileRunbooks } from './compile/runbooks.ts';
import { compileUnitTests } from './compile/unit-tests.ts';
import type { AlertOverrides } from './overrides.ts';
import { resolveAlerts } from './resolve.ts';
import { checkReceivers, type Receivers, whoIsNotTold } from './routing/receivers.ts';

/** The part of the stack's configuration that alerts depend on. */
export interface AlertsConfig {
  readonly namespace: string;
  readonly alerts: AlertOverrides;
  readonly receivers: Receivers;
  /** Where the runbooks are published; without it they are named by their path below the synthesised folder. */
  readonly runbookBaseUrl?: string;
}

export interface CompiledAlerts {
  /** File name to text: rule files for Prometheus. */
  readonly rules: Readonly<Record<string, string>>;
  /** File name to text: promtool's tests of the rules, for a folder `tests` beside them. */
  readonly tests: Readonly<Record<string, string>>;
  /** The text of alertmanager.yml. */
  readonly alertmanager: string;
  /** File name to text. */
  readonly runbooks: Readonly<Record<string, string>>;
  /** Bursts the collector must count, also those of alerts that are off: panels show them. */
  readonly burstWindows: readonly BurstWindow[];
  /** A session with more than this many times its type's baseline of distinct tools is a finding. */
  readonly toolDiversityFactor: number;
  /** What is valid but will disappoint, a sentence each. */
  readonly warnings: readonly string[];
}

/** Throws one sentence that names the key and the mend when the configuration is wrong. */
export function compileAlerts(
  config: AlertsConfig,
  { secretsDirectory = SECRETS_DIRECTORY }: { secretsDirectory?: string } = {},
): CompiledAlerts {
  const resolved = resolveAlerts(config.alerts, config.runbookBaseUrl);
  checkReceivers(config.receivers);
  const alerts = Object.values(resolved);
  return {
    rules: compileRules(alerts),
    tests: compileUnitTests(alerts),
    alertmanager: compileAlertmanager(alerts, config.receivers, secretsDirectory),
    runbooks: compileRunbooks(alerts, config.namespace),
    burstWindows: alerts.flatMap(({ burst }) => burst ?? []),
    toolDiversityFactor: resolved.SessionAnomaly.settings.factor as number,
    warnings: whoIsNotTold(config.receivers),
  };
}
