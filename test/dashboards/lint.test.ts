/** The rules of grafana/dashboard-linter, and those of ours: what any dashboard must be, whatever it shows. */
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { knownMetrics } from '../../collector/catalogue/catalogue.ts';
import { faultsOf } from '../known-names.ts';
import { compiled, targetsOf, withoutMeasures } from './compiled.ts';

const alerts = resolveAlerts({}, 'https://example.org/runbooks');
const dashboards = compiled(alerts);
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Of the linter's list of units, those that measure what we do. */
const validUnits = new Set(
  'none short percent percentunit bytes decbytes binBps Bps s ms ns dateTimeFromNow dtdurations cps ops reqps opm cpm bool_yes_no'.split(
    ' ',
  ),
);

const counters = new Set(
  knownMetrics.flatMap(({ name, kind }) => {
    if (kind === 'histogram') return [`${name}_bucket`, `${name}_count`, `${name}_sum`];
    return kind === 'counter' ? [name] : [];
  }),
);

/** Counters that no `rate` or `increase` stands around. */
function bareCounters(expression: string): string[] {
  const text = expression.replaceAll(/\$__(?:rate_interval|range)/g, '5m');
  const bare: string[] = [];
  parser.parse(text).iterate({
    enter(node) {
      if (node.name !== 'Identifier' || node.node.parent?.name !== 'VectorSelector') return;
      const name = text.slice(node.from, node.to);
      if (!counters.has(name)) return;
      const call = node.node.parent.parent?.parent?.parent;
      const head = call ? text.slice(call.from, call.to) : '';
      if (!/^(?:rate|increase)\(/.test(head)) bare.push(name);
    },
  });
  return bare;
}

const ranges = (expression: string) => [...expression.matchAll(/\[([^\]]*)\]/g)].map(([, range]) => range);

describe.each(dashboards)('$file', (dashboard) => {
  const { json, panels, rows, text } = dashboard;
  const targets = targetsOf(dashboard);

  test('is classic JSON that a user cannot edit away from its source', () => {
    expect(json.schemaVersion).toBe(42);
    expect(json.editable).toBe(false);
    expect(json.uid).toBe(`mcp-lookout-${dashboard.file.replace('.json', '')}`);
    expect(json.uid!.length).toBeLessThanOrEqual(40);
    expect(json.title).toMatch(/^MCP Lookout \/ ./);
    expect(json.annotations.list).toEqual([]);
    expect(text).not.toContain('__inputs');
  });

  test('is far below the size that a ConfigMap can be applied with', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(200_000);
  });

  test('takes every panel, query and variable from the data source that the reader chooses', () => {
    const [first, ...others] = json.templating.list ?? [];
    expect(first).toMatchObject({
      type: 'datasource',
      name: 'datasource',
      label: 'Data source',
      query: 'prometheus',
    });
    for (const variable of others) expect(variable.datasource).toEqual(datasource);
    for (const panel of panels) {
      expect(panel.datasource).toEqual(datasource);
      for (const target of panel.targets) expect(target.datasource).toEqual(datasource);
    }
  });

  test('has variables that reload with the time, offer all, and ask the catalogue', () => {
    for (const variable of (json.templating.list ?? []).slice(1)) {
      expect(variable).toMatchObject({
        type: 'query',
        refresh: 2,
        multi: true,
        includeAll: true,
        allValue: '.*',
        current: { value: ['$__all'] },
      });
      const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(variable.query as string)!;
      expect(faultsOf(`sum by (${label}) (${selector})`)).toEqual([]);
    }
  });

  test('uses every variable it offers and offers every one it uses', () => {
    const offered = (json.templating.list ?? []).slice(1).map(({ name }) => name);
    const expressions = targets.map(({ target }) => target.expr).join('\n');
    const used = new Set([...expressions.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual(offered.sort());
  });

  test('gives every panel a title, a unit and at least one query', () => {
    for (const { title, fieldConfig, targets } of panels) {
      expect(title).toBeTruthy();
      expect(validUnits, title).toContain(fieldConfig?.defaults.unit);
      for (const { properties } of fieldConfig?.overrides ?? []) {
        for (const { id, value } of properties) if (id === 'unit') expect(validUnits, title).toContain(value);
      }
      expect(targets.length, title).toBeGreaterThan(0);
    }
  });

  test('says of every panel what a bad picture means and what to do first', () => {
    for (const { title, description } of panels) {
      expect(description, title).toMatch(/\bBad: .{10,}\n\n\*\*First:\*\* .{10,}/);
    }
  });

  test('has no two panels of one title, id or place', () => {
    const all = [...rows, ...panels];
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.every(({ id }) => Number.isInteger(id) && id! > 0)).toBe(true);
    const cells = all.flatMap(({ gridPos }) => {
      const { x, y, w, h } = gridPos!;
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    const height = Math.max(...all.map(({ gridPos }) => gridPos!.y + gridPos!.h));
    expect(cells.length, 'no gaps').toBe(24 * height);
  });

  test('sorts tables by a column they have', () => {
    for (const { title, options, transformations = [], targets } of panels) {
      if (!options.sortBy) continue;
      const { renameByName } = transformations.find(({ id }) => id === 'organize')!.options;
      const values = targets.map(({ refId }) =>
        targets.length > 1 ? renameByName[`Value #${refId}`] : renameByName.Value,
      );
      expect(values, title).toContain(options.sortBy[0].displayName);
    }
  });

  test('names the queries of a panel A, B, C', () => {
    for (const { title, targets } of panels) {
      const names = targets.map(({ refId }) => refId).join('');
      expect('ABCDEFGHIJ'.slice(0, targets.length), title).toBe(names);
    }
  });

  test('asks for a range where it draws time and for an instant where it does not', () => {
    for (const { type, title, targets } of panels) {
      const overTime = type === 'timeseries' || type === 'heatmap';
      for (const target of targets) {
        expect([target.range, target.instant], title).toEqual([overTime, !overTime]);
        if (type === 'table') expect(target.format, title).toBe('table');
        if (overTime) expect(target.legendFormat, title).toBeTruthy();
      }
    }
  });

  test.each(targets)('$name is PromQL over the catalogue', ({ target }) => {
    expect(faultsOf(target.expr)).toEqual([]);
  });

  test.each(targets)(
    '$name rates counters over what Grafana chooses, or is what an alert measures',
    ({ panel, target }) => {
      const own = withoutMeasures(target.expr, alerts);
      if (own !== target.expr) expect(panel.description).toContain('**Alert:**');
      expect(bareCounters(own)).toEqual([]);
      for (const range of ranges(own)) expect(['$__rate_interval', '$__range']).toContain(range);
      // Over the chosen time only where the panel shows one value for it.
      if (target.range) expect(own).not.toContain('$__range');
    },
  );
});

describe('the dashboards together', () => {
  test('are the same bytes each time', () => {
    expect(compiled(resolveAlerts({}, 'https://example.org/runbooks')).map(({ text }) => text)).toEqual(
      dashboards.map(({ text }) => text),
    );
  });

  test('link to each other by the tag they share', () => {
    for (const { json } of dashboards) {
      expect(json.tags).toEqual(['mcp-lookout']);
      expect(json.links).toEqual([
        expect.objectContaining({
          type: 'dashboards',
          tags: ['mcp-lookout'],
          includeVars: true,
          keepTime: true,
        }),
      ]);
    }
  });
});

describe('the check of counters', () => {
  test('finds one that is shown as it is', () => {
    expect(bareCounters('sum(mcp_tool_calls_total)')).toEqual(['mcp_tool_calls_total']);
    expect(bareCounters('max_over_time(mcp_tool_calls_total[$__range])')).toEqual(['mcp_tool_calls_total']);
  });
  test('accepts one that is rated', () => {
    expect(bareCounters('sum by (tool) (rate(mcp_tool_calls_total{server=~"$server"}[$__range]))')).toEqual(
      [],
    );
  });
});
