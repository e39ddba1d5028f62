/** All dashboards as the files that Grafana imports and provisions. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import { clients } from './clients.ts';
import { findings } from './findings.ts';
import { operations } from './operations.ts';
import { overview } from './overview.ts';
import { security } from './security.ts';
import { stackHealth } from './stack-health.ts';

export interface DashboardInputs {
  /** Their limits become red lines, their runbooks links. */
  readonly alerts: ResolvedAlerts;
}

/** By name, in the order in which they are read. */
export const allDashboards = ({ alerts }: DashboardInputs): Readonly<Record<string, Dashboard>> => ({
  overview: overview(alerts),
  operations: operations(alerts),
  security: security(alerts),
  findings: findings(alerts),
  clients: clients(),
  'stack-health': stackHealth(alerts),
});

/** File name to text: classic JSON with a data-source variable, the same bytes for the same alerts. */
export const compileDashboards = (inputs: DashboardInputs): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(allDashboards(inputs)).map(([name, dashboard]) => [
      `${name}.json`,
      `${JSON.stringify(dashboard)}\n`,
    ]),
  );
