/** The kinds of panel: lines over time, one number, bars side by side, a heatmap. Tables are in `table.ts`. */
import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeSizing,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { FieldColorBuilder, FieldColorModeId, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as NumberBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import {
  limitOf,
  type PanelOptions,
  type PlacedPanel,
  panel,
  refId,
  type Series,
  targets,
  thresholds,
} from './panel.ts';

const CHART_HEIGHT = 8;
const NUMBER_HEIGHT = 4;
/** Least upper end of the axis, so that the limit is seen while everything is well below it. */
const axisEnd = (limit: number) => (limit > 0 ? limit * 1.25 : 1);

const asLimit = [
  { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: 'red' } },
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
  { id: 'custom.fillOpacity', value: 0 },
];

export type LinesOptions = PanelOptions & {
  readonly series: readonly Series[];
  /** Upper end of the axis, for shares. */
  readonly max?: number;
  /** Bars on top of each other: parts of a whole. */
  readonly stacked?: boolean;
};

/** Lines over time, with the limit of the panel's alert as a dashed red line. */
export const lines = (options: LinesOptions): PlacedPanel =>
  panel(
    () => new LinesBuilder(),
    options,
    targets(options.series, 'range'),
    (builder) => {
      builder
        .lineWidth(1)
        .fillOpacity(options.stacked ? 70 : 10)
        // Lone samples would be invisible: a tool that is called once an hour still has a point.
        .showPoints(VisibilityMode.Auto)
        .spanNulls(false)
        .min(0)
        .legend(
          new VizLegendOptionsBuilder()
            .showLegend(true)
            .displayMode(LegendDisplayMode.List)
            .placement(LegendPlacement.Bottom)
            .calcs([]),
        )
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
        .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
        .thresholds(thresholds('green'));
      for (const [index, { isLimit }] of options.series.entries()) {
        if (isLimit) builder.overrideByQuery(refId(index), asLimit);
      }
      if (options.max !== undefined) builder.max(options.max);
      if (options.stacked) {
        builder
          .drawStyle(GraphDrawStyle.Bars)
          .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
      }
      const limit = limitOf(options.alert);
      if (limit === undefined) return;
      builder
        .axisSoftMax(axisEnd(limit))
        .thresholds(thresholds('transparent', [limit, 'red']))
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
    },
    CHART_HEIGHT,
  );

/** Colours of a number from a value on. */
export type Steps = readonly (readonly [number, string])[];

export type NumberOptions = PanelOptions & {
  readonly series: Series;
  /** Green below the first step. */
  readonly steps?: Steps;
  readonly words?: Words;
};

/** What a value is called and its colour. */
export type Words = Readonly<Record<number, readonly [text: string, color: string]>>;

export const mappingOf = (words: Words): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
  ),
});

/** One number, as of the end of the chosen time: a series that has ended is shown as gone, not as it last was. */
export const number = (options: NumberOptions): PlacedPanel =>
  panel(
    () => new NumberBuilder(),
    options,
    targets([options.series], 'instant'),
    (builder) => {
      builder
        .graphMode(BigValueGraphMode.None)
        .colorMode(BigValueColorMode.Value)
        .textMode(BigValueTextMode.Value)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
        .thresholds(thresholds('green', ...(options.steps ?? [])));
      if (options.words) builder.mappings([mappingOf(options.words)]);
    },
    NUMBER_HEIGHT,
  );

export type BarsOptions = PanelOptions & { readonly series: readonly Series[] };

/** Bars side by side for the chosen time: how much of each. */
export const bars = (options: BarsOptions): PlacedPanel =>
  panel(
    () => new BarsBuilder(),
    options,
    targets(options.series, 'instant'),
    (builder) => {
      builder
        .displayMode(BarGaugeDisplayMode.Basic)
        .orientation(VizOrientation.Horizontal)
        .namePlacement(BarGaugeNamePlacement.Left)
        .sizing(BarGaugeSizing.Auto)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
        .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
        .thresholds(thresholds('green'))
        .min(0);
    },
    CHART_HEIGHT,
  );

export type HeatmapOptions = PanelOptions & { readonly series: Series };

/** How a histogram's observations spread over its buckets and over time. */
export const heatmap = (options: HeatmapOptions): PlacedPanel =>
  panel(
    () => new HeatmapBuilder(),
    options,
    targets([options.series], 'heatmap'),
    (builder) => {
      builder
        .calculate(false)
        .color(
          new HeatmapColorOptionsBuilder()
            .mode(HeatmapColorMode.Scheme)
            .scheme('Oranges')
            .fill('dark-orange')
            .exponent(0.5)
            .steps(64)
            .reverse(false),
        )
        .yAxis(new YAxisConfigBuilder().unit(options.unit).min(0));
    },
    CHART_HEIGHT,
  );
