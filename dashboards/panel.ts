/**
 * What every panel has: a title, what a bad picture means, what to do first, a unit, the limit of its alert.
 *
 * All of Grafana's foundation SDK passes through this file, `panels.ts`, `table.ts`, `dashboard.ts` and
 * `variables.ts`. What it leaves out is set here once: ids, refIds, data sources and legends have no defaults.
 * Its builders are mutable and hand out their inner object, so each panel is made by a function, for one place.
 */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import type {
  DashboardLink,
  GridPos,
  Panel,
  ThresholdsConfig,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DashboardLinkType, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus';
import type { ResolvedAlert } from '../alerts/resolve.ts';
import type { Duration, Vector } from '../collector/catalogue/promql.ts';

/** The data source that the reader chooses; the same JSON works imported, provisioned and behind an operator. */
export const datasource: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

/** One query of a panel and the name of each of its lines. */
export interface Series {
  readonly expression: string;
  readonly legend: string;
  /** Least time between two points, where the targets are scraped less often than the collector. */
  readonly step?: Duration;
  /** Drawn as a limit: red and dashed. */
  readonly isLimit?: boolean;
}

export type Legend<L extends string> = string | ((labels: { readonly [N in L]: string }) => string);

/** A query whose legend can only name labels that its series carry. */
export function series<L extends string>(
  vector: Vector<L>,
  legend: Legend<L>,
  options: Pick<Series, 'step' | 'isLimit'> = {},
): Series {
  const named = Object.fromEntries(vector.labels.map((label) => [label, `{{${label}}}`]));
  const text = typeof legend === 'string' ? legend : legend(named as { readonly [N in L]: string });
  return { expression: vector.promql, legend: text, ...options };
}

interface Wording {
  readonly title: string;
  /** What is shown, and what a bad picture means. */
  readonly meaning: string;
}

/** What to do first: the panel's own words, else the alert's action. */
type FirstStep =
  | { readonly alert: ResolvedAlert; readonly first?: string }
  | { readonly alert?: undefined; readonly first: string };

export type PanelOptions = Wording &
  FirstStep & {
    /** One of the SDK's `units`. */
    readonly unit: string;
    readonly decimals?: number;
    /** Shown instead of a value when there are no series. */
    readonly noValue?: string;
    /** Columns of the 24 that the panel takes; without it, an equal part of what the others of its line leave. */
    readonly span?: number;
    /** Height in grid units of about 30 pixels. */
    readonly height?: number;
  };

/** A panel that does not know its place yet. */
export interface PlacedPanel {
  readonly span?: number | undefined;
  readonly height: number;
  build(id: number, gridPos: GridPos): Panel;
}

/** The members that all of the SDK's panel builders share, as far as they are used here. */
interface AnyPanelBuilder extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  gridPos(gridPos: GridPos): this;
  links(links: Builder<DashboardLink>[]): this;
  targets(targets: Builder<Dataquery>[]): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  noValue(noValue: string): this;
}

const built = <T>(value: T): Builder<T> => ({ build: () => value });

function runbookLink(alert: ResolvedAlert): Builder<DashboardLink> {
  return built({
    title: `Runbook of ${alert.name}`,
    type: DashboardLinkType.Link,
    icon: 'doc',
    tooltip: '',
    url: alert.runbookUrl,
    tags: [],
    asDropdown: false,
    targetBlank: true,
    includeVars: false,
    keepTime: false,
  });
}

function description({ meaning, first, alert }: PanelOptions): string {
  const runbook = alert?.enabled ? `\n\n**Alert:** ${alert.name}, runbook ${alert.runbook}.` : '';
  return `${meaning}\n\n**First:** ${first ?? alert?.action}${runbook}`;
}

/** Without a configured base the runbook is a path, which a browser would look for in Grafana. */
const hasAddress = ({ runbookUrl }: ResolvedAlert) => /^https?:/.test(runbookUrl);

/** Puts what all panels have into one kind's builder. `configure` gets a new builder each time. */
export function panel<B extends AnyPanelBuilder>(
  create: () => B,
  options: PanelOptions,
  targets: readonly Builder<Dataquery>[],
  configure: (builder: B) => void,
  defaultHeight: number,
): PlacedPanel {
  return {
    span: options.span,
    height: options.height ?? defaultHeight,
    build(id, gridPos) {
      const builder = create()
        .id(id)
        .title(options.title)
        .description(description(options))
        .datasource(datasource)
        .gridPos(gridPos)
        .unit(options.unit)
        .targets([...targets]);
      if (options.decimals !== undefined) builder.decimals(options.decimals);
      if (options.noValue !== undefined) builder.noValue(options.noValue);
      if (options.alert?.enabled && hasAddress(options.alert)) builder.links([runbookLink(options.alert)]);
      configure(builder);
      return builder.build();
    },
  };
}

type Shape = 'range' | 'instant' | 'table' | 'heatmap';

/** Targets with the refIds that Grafana needs to tell them apart. */
export function targets(all: readonly Series[], shape: Shape): Builder<Dataquery>[] {
  return all.map(({ expression, legend, step }, index) => {
    const target = new DataqueryBuilder()
      .datasource(datasource)
      .refId(refId(index))
      .editorMode(QueryEditorMode.Code)
      .expr(expression)
      .legendFormat(legend);
    if (step) target.interval(step);
    if (shape === 'table') return target.instant().format(PromQueryFormat.Table);
    if (shape === 'instant') return target.instant().format(PromQueryFormat.TimeSeries);
    return target.range().format(shape === 'heatmap' ? PromQueryFormat.Heatmap : PromQueryFormat.TimeSeries);
  });
}

/** A, B, C: panels have a handful of targets, never more than letters. */
export const refId = (index: number): string => String.fromCharCode(65 + index);

/** Colours from a value on: the first holds from minus infinity. */
export function thresholds(
  base: string,
  ...steps: readonly (readonly [number, string])[]
): Builder<ThresholdsConfig> {
  return built({
    mode: ThresholdsMode.Absolute,
    steps: [{ value: null, color: base }, ...steps.map(([value, color]) => ({ value, color }))],
  });
}

/** The number an alert's panel draws: none when the alert is off or its limit is not one number. */
export const limitOf = (alert: ResolvedAlert | undefined): number | undefined =>
  alert?.enabled ? alert.limit : undefined;
