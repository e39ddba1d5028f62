/** The dashboards as Grafana would read them, and ways to look into them. */
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import { type ResolvedAlerts, resolveAlerts } from '../../alerts/resolve.ts';
import { compileDashboards } from '../../dashboards/compile.ts';

export type Target = Omit<Dataquery, '_implementsDataqueryVariant'>;
export interface ReadPanel extends Omit<Panel, 'targets'> {
  readonly targets: Target[];
}

export interface Compiled {
  readonly file: string;
  readonly text: string;
  readonly json: Dashboard;
  readonly rows: readonly RowPanel[];
  readonly panels: readonly ReadPanel[];
}

export function compiled(alerts: ResolvedAlerts = resolveAlerts()): Compiled[] {
  return Object.entries(compileDashboards({ alerts })).map(([file, text]) => {
    const json = JSON.parse(text);
    const ofType = (row: boolean) =>
      json.panels.filter(({ type }: { type: string }) => (type === 'row') === row);
    return { file, text, json, rows: ofType(true), panels: ofType(false) };
  });
}

export const targetsOf = ({ file, panels }: Compiled) =>
  panels.flatMap((panel) =>
    panel.targets.map((target) => ({ name: `${file}: ${panel.title} ${target.refId}`, panel, target })),
  );

/** Parts of an expression that are an alert's own measure, taken out: they have the alert's window and shape. */
export function withoutMeasures(expression: string, alerts: ResolvedAlerts): string {
  return Object.values(alerts)
    .flatMap(({ measure, limitExpression }) => [measure, limitExpression ?? measure])
    .filter((measure) => measure.includes('('))
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, measure) => text.replaceAll(measure, 'vector(0)'), expression);
}
