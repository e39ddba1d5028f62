/** A dashboard is a list of rows, a row a title and lines of panels. Places and ids are computed here. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Dashboard, DashboardLink, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkType,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { PlacedPanel } from './panel.ts';
import { datasourceVariable } from './variables.ts';

const COLUMNS = 24;
const TAG = 'mcp-lookout';

export interface Row {
  readonly title: string;
  readonly lines: readonly (readonly PlacedPanel[])[];
}

/** A titled row; each list of panels is a line that fills the width. */
export const row = (title: string, ...lines: readonly (readonly PlacedPanel[])[]): Row => ({ title, lines });

export interface DashboardOptions {
  /** Also the file's name and the end of the address; never changes, since links use it. */
  readonly name: string;
  readonly title: string;
  /** The question that the dashboard answers. */
  readonly question: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly rows: readonly Row[];
}

/** The widths of a line's panels: those that say one have it, the others share what is left. */
function spans(line: readonly PlacedPanel[]): number[] {
  const said = line.reduce((sum, { span }) => sum + (span ?? 0), 0);
  const share = (COLUMNS - said) / line.filter(({ span }) => span === undefined).length;
  const widths = line.map(({ span }) => span ?? share);
  const fits = widths.every((width) => Number.isInteger(width) && width > 0);
  if (!fits || widths.reduce((sum, width) => sum + width, 0) !== COLUMNS) {
    throw new Error(`a line of ${line.length} panels: give them spans that add up to ${COLUMNS}`);
  }
  return widths;
}

/** Links to every dashboard with the tag, keeping time and variables; no list to keep up to date. */
const siblings: DashboardLink = {
  title: 'MCP Lookout',
  type: DashboardLinkType.Dashboards,
  icon: 'external link',
  tooltip: '',
  tags: [TAG],
  asDropdown: false,
  targetBlank: false,
  includeVars: true,
  keepTime: true,
};

export function dashboard({ name, title, question, variables, rows }: DashboardOptions): Dashboard {
  const builder = new DashboardBuilder(`MCP Lookout / ${title}`)
    .uid(`mcp-lookout-${name}`)
    .description(question)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .variables([datasourceVariable(), ...variables])
    .annotations([])
    .links([{ build: () => siblings }]);
  let id = 0;
  let y = 0;
  for (const { title: heading, lines } of rows) {
    builder.withRow(new RowBuilder(heading).id(++id).gridPos({ x: 0, y: y++, w: COLUMNS, h: 1 }));
    for (const line of lines) {
      const height = Math.max(...line.map((panel) => panel.height));
      let x = 0;
      for (const [index, w] of spans(line).entries()) {
        const panel = line[index]?.build(++id, { x, y, w, h: height });
        if (panel) builder.withPanel({ build: () => panel });
        x += w;
      }
      y += height;
    }
  }
  return builder.build();
}
