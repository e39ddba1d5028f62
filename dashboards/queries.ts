/** What Grafana would ask Prometheus: every query of every panel, with its variables filled in. */
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Duration } from '../collector/catalogue/promql.ts';
import { allDashboards, type DashboardInputs } from './compile.ts';

export interface PanelQuery {
  /** Name of the dashboard's file, without `.json`. */
  readonly dashboard: string;
  readonly panel: string;
  readonly refId: string;
  readonly expr: string;
  /** Asked once, for the end of the chosen time; else for every step of it. */
  readonly instant: boolean;
}

/** What Grafana derives from the chosen time and the scrape interval. */
export interface Times {
  readonly rateInterval: Duration;
  readonly range: Duration;
}

const isPanel = (panel: Panel | RowPanel): panel is Panel => panel.type !== 'row';

/** All choices stand at `All`. */
const filledIn = (expr: string, variables: readonly string[], { rateInterval, range }: Times) =>
  variables
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, name) => text.replaceAll(`$${name}`, '.*'), expr)
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range);

export function panelQueries(inputs: DashboardInputs, times: Times): PanelQuery[] {
  return Object.entries(allDashboards(inputs)).flatMap(([dashboard, { panels = [], templating }]) => {
    const variables = (templating.list ?? []).map(({ name }) => name);
    return panels.filter(isPanel).flatMap(({ title = '', targets = [] }) =>
      (targets as Dataquery[]).map(({ expr, refId = '', instant = false }) => ({
        dashboard,
        panel: title,
        refId,
        expr: filledIn(expr, variables, times),
        instant,
      })),
    );
  });
}

export interface MayBeEmpty {
  readonly dashboard: string;
  readonly panel: string;
  /** One query of the panel; without it, all. */
  readonly refId?: string;
  readonly reason: string;
}

/** Queries that have no series on a stack that works, although everything that they ask about has happened. */
export const panelsThatMayBeEmpty: readonly MayBeEmpty[] = [
  {
    dashboard: 'findings',
    panel: 'Thresholds, as the budget sets them',
    reason: 'A threshold is there once enough sessions have ended to claim how rare a score is.',
  },
  {
    dashboard: 'stack-health',
    panel: 'Alertmanager peers',
    reason: 'An Alertmanager that runs alone has no cluster, and so no number of its members.',
  },
];
