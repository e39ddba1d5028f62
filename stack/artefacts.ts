/** Everything a configuration means but the manifests: the files of `dist/`, by their path below it. */
import { compileAlerts } from '../alerts/compile.ts';
import { resolveAlerts } from '../alerts/resolve.ts';
import { compileDashboards } from '../dashboards/compile.ts';
import { collectorConfig } from './collector.ts';
import type { StackConfig } from './config.ts';
import { prometheusConfig } from './prometheus.ts';

/** File contents by file name. */
export type Files = Readonly<Record<string, string>>;

export interface Artefacts {
  readonly collectorJson: string;
  readonly prometheusYml: string;
  readonly rules: Files;
  readonly ruleTests: Files;
  readonly alertmanagerYml: string;
  readonly runbooks: Files;
  readonly dashboards: Files;
  /** What is valid but will disappoint, one sentence each. */
  readonly warnings: readonly string[];
}

/** Where the collector's container finds its own files. */
export const collectorPaths = {
  dataDirectory: '/var/lib/collector',
  tokensFile: '/etc/collector/tokens/tokens',
} as const;

export function artefacts(config: StackConfig): Artefacts {
  const resolved = resolveAlerts(config.alerts, config.runbookBaseUrl);
  const alerts = compileAlerts(config);
  return {
    collectorJson: `${JSON.stringify(collectorConfig(config, alerts, collectorPaths), null, 2)}\n`,
    prometheusYml: prometheusConfig(config),
    rules: alerts.rules,
    ruleTests: alerts.tests,
    alertmanagerYml: alerts.alertmanager,
    runbooks: alerts.runbooks,
    dashboards: compileDashboards({ alerts: resolved }),
    warnings: alerts.warnings,
  };
}

const below = (folder: string, files: Files): [string, string][] =>
  Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]);

/** The same as files below `dist/`. */
export function artefactFiles(all: Artefacts): Files {
  return Object.fromEntries([
    ['collector/collector.json', all.collectorJson],
    ['prometheus/prometheus.yml', all.prometheusYml],
    ['alertmanager/alertmanager.yml', all.alertmanagerYml],
    ...below('rules', all.rules),
    ...below('rules/tests', all.ruleTests),
    ...below('runbooks', all.runbooks),
    ...below('dashboards', all.dashboards),
  ]);
}
