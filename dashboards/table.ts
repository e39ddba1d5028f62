/** Tables of what held over the chosen time: one row for each set of labels, one column for each measure. */
import {
  BarGaugeDisplayMode,
  BarGaugeValueMode,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
  type TableCellOptions,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DataTransformerConfig, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { Vector } from '../collector/catalogue/promql.ts';
import { type PanelOptions, type PlacedPanel, panel, refId, targets, thresholds } from './panel.ts';
import { mappingOf, type Steps, type Words } from './panels.ts';

const TABLE_HEIGHT = 9;

/** A measure of each row. */
export interface Column<L extends string> {
  readonly name: string;
  readonly expression: string;
  /** The labels its rows have: those of the table, or some of them. */
  readonly labels: readonly L[];
  readonly unit: string;
  readonly decimals?: number;
  /** Colours of the value from a number on. */
  readonly steps?: Steps;
  readonly words?: Words;
  /** Draws a share as a bar in its cell. */
  readonly bar?: boolean;
  /** For a query that only brings labels. */
  readonly hidden?: boolean;
}

type Shown = Partial<Pick<Column<never>, 'decimals' | 'steps' | 'words' | 'bar' | 'hidden'>>;

export const column = <L extends string>(
  name: string,
  { promql, labels }: Vector<L>,
  unit: string,
  shown: Shown = {},
): Column<L> => ({ name, expression: promql, labels, unit, ...shown });

export type TableOptions<L extends string> = PanelOptions & {
  /** Labels that name a row, with the words to show for them, in order. */
  readonly rows: Readonly<Record<L, string>>;
  readonly columns: readonly Column<NoInfer<L>>[];
  /** Heading of the column to sort by, the largest first. */
  readonly sortBy: string;
};

/** Grafana calls a lone query's value `Value`, and those of several `Value #A`, `Value #B`. */
const valueField = (columns: readonly Column<string>[], index: number) =>
  columns.length === 1 ? 'Value' : `Value #${refId(index)}`;

function tidied({ rows, columns }: TableOptions<string>): DataTransformerConfig[] {
  const values = columns.map(({ name }, index) => [valueField(columns, index), name] as const);
  const named = [...Object.entries(rows), ...values];
  const hidden = values.filter((_, index) => columns[index]?.hidden).map(([field]) => [field, true]);
  return [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true, ...Object.fromEntries(hidden) },
        indexByName: Object.fromEntries(named.map(([field], index) => [field, index])),
        renameByName: Object.fromEntries(named),
      },
    },
  ];
}

function cell({ steps, words, bar }: Shown): TableCellOptions | undefined {
  if (bar) {
    return {
      type: TableCellDisplayMode.Gauge,
      mode: BarGaugeDisplayMode.Basic,
      valueDisplayMode: BarGaugeValueMode.Text,
    };
  }
  if (words)
    return { type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic };
  return steps ? { type: TableCellDisplayMode.ColorText } : undefined;
}

function properties(shown: Column<string>): DynamicConfigValue[] {
  const options = cell(shown);
  return [
    { id: 'unit', value: shown.unit },
    ...(shown.decimals === undefined ? [] : [{ id: 'decimals', value: shown.decimals }]),
    ...(shown.steps ? [{ id: 'thresholds', value: thresholds('text', ...shown.steps).build() }] : []),
    ...(shown.words ? [{ id: 'mappings', value: [mappingOf(shown.words)] }] : []),
    ...(shown.bar
      ? [
          { id: 'min', value: 0 },
          { id: 'max', value: 1 },
        ]
      : []),
    ...(options ? [{ id: 'custom.cellOptions', value: options }] : []),
  ];
}

const querying = (columns: readonly Column<string>[]) =>
  targets(
    columns.map(({ expression }) => ({ expression, legend: '' })),
    'table',
  );

export const table = <const L extends string>(options: TableOptions<L>): PlacedPanel =>
  panel(
    () => new TableBuilder(),
    options,
    querying(options.columns),
    (builder) => {
      builder
        .showHeader(true)
        .cellHeight(TableCellHeight.Sm)
        .filterable(true)
        .sortBy([new TableSortByFieldStateBuilder().displayName(options.sortBy).desc(true)])
        .transformations(tidied(options));
      for (const shown of options.columns) builder.overrideByName(shown.name, properties(shown));
    },
    TABLE_HEIGHT,
  );

export type MatrixOptions<L extends string> = PanelOptions & {
  readonly vector: Vector<L>;
  readonly down: NoInfer<L>;
  readonly across: NoInfer<L>;
  readonly words: Words;
};

/** One cell for each pair of two labels' values. */
export const matrix = <L extends string>(options: MatrixOptions<L>): PlacedPanel =>
  panel(
    () => new TableBuilder(),
    options,
    targets([{ expression: options.vector.promql, legend: '' }], 'table'),
    (builder) => {
      builder
        .showHeader(true)
        .cellHeight(TableCellHeight.Sm)
        .mappings([mappingOf(options.words)])
        .cellOptions({
          type: TableCellDisplayMode.ColorBackground,
          mode: TableCellBackgroundDisplayMode.Basic,
        })
        .transformations([
          {
            id: 'groupingToMatrix',
            options: {
              columnField: options.across,
              rowField: options.down,
              valueField: 'Value',
              emptyValue: 'null',
            },
          },
        ]);
    },
    TABLE_HEIGHT,
  );
