import { describe, expect, test } from 'vitest';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { panelQueries, panelsThatMayBeEmpty } from '../../dashboards/queries.ts';
import { compiled, targetsOf } from './compiled.ts';

const alerts = resolveAlerts();
const queries = panelQueries({ alerts }, { rateInterval: '1m', range: '30m' });

describe('the queries of all panels', () => {
  test('are those of the files, every one', () => {
    const targets = compiled(alerts).flatMap((dashboard) => targetsOf(dashboard).map(({ name }) => name));
    expect(queries.map(({ dashboard, panel, refId }) => `${dashboard}.json: ${panel} ${refId}`)).toEqual(
      targets,
    );
  });

  test('have no variable left', () => {
    expect(queries.filter(({ expr }) => expr.includes('$'))).toEqual([]);
  });

  test('take all values, the given range and the given rate interval', () => {
    const find = (panel: string) => queries.find((query) => query.panel === panel);
    expect(find('Clients')).toMatchObject({
      dashboard: 'clients',
      refId: 'A',
      instant: true,
      expr: 'sum by (client) (increase(mcp_tool_calls_total{server=~".*",client=~".*"}[30m]))',
    });
    expect(find('Active sessions by type')!.expr).toContain('session_type=~".*"');
    expect(find('Calls per minute by server')).toMatchObject({
      instant: false,
      expr: expect.stringContaining('[1m]'),
    });
  });

  test.each(panelsThatMayBeEmpty)('$dashboard: $panel $refId may be empty and exists', (exception) => {
    const { dashboard, panel, refId, reason } = exception;
    expect(
      queries.some(
        (query) =>
          query.dashboard === dashboard && query.panel === panel && (!refId || query.refId === refId),
      ),
    ).toBe(true);
    expect(reason).toMatch(/\.$/);
  });
});
