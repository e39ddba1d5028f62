import { BytesIEC, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { describe, expect, test } from 'vitest';
import { resolveAlerts } from '../../alerts/resolve.ts';
import {
  sourceCapability,
  toolCallBytes,
  toolCallDuration,
  toolCalls,
} from '../../collector/catalogue/metrics.ts';
import { bucketIncrease, increase, max, rate, select, share, sum } from '../../collector/catalogue/promql.ts';
import { dashboard, row } from '../../dashboards/dashboard.ts';
import { series } from '../../dashboards/panel.ts';
import { bars, heatmap, lines, number } from '../../dashboards/panels.ts';
import { column, matrix, table } from '../../dashboards/table.ts';
import { chosen, serverVariable } from '../../dashboards/variables.ts';

const wording = { meaning: 'Bad: it is broken.', first: 'Mend it.' };
const of = { server: chosen.server };
const calls = sum(increase(toolCalls, '$__range', of), ['server', 'tool']);

const someLines = (title: string, span?: number) =>
  lines({
    ...wording,
    title,
    ...(span ? { span } : {}),
    unit: Short,
    series: [
      series(sum(rate(toolCalls, '$__rate_interval', of), ['server']), ({ server }) => `on ${server}`),
    ],
  });

const oneOfEach = () =>
  dashboard({
    name: 'one-of-each',
    title: 'One of each',
    question: 'What does each kind of panel look like?',
    variables: [serverVariable()],
    rows: [
      row('Over time', [
        lines({
          ...wording,
          title: 'Lines with a limit',
          unit: PercentUnit,
          max: 1,
          alert: resolveAlerts({}, 'https://example.org/runbooks').ToolErrorSustained,
          series: [
            series(sum(rate(toolCalls, '$__rate_interval', of), ['tool']), ({ tool }) => tool, {
              step: '30s',
            }),
            series(sum(rate(toolCalls, '$__rate_interval', of)), 'all', { isLimit: true }),
          ],
        }),
        heatmap({
          ...wording,
          title: 'Heatmap',
          unit: Seconds,
          span: 8,
          series: series(bucketIncrease(toolCallDuration, '$__rate_interval', of), ({ le }) => le),
        }),
      ]),
      row(
        'Over the chosen time',
        [
          number({
            ...wording,
            title: 'Number',
            unit: Short,
            decimals: 0,
            noValue: 'None',
            series: series(sum(increase(toolCalls, '$__range', of)), 'calls'),
            steps: [[1, 'red']],
            words: { 0: ['quiet', 'green'] },
          }),
          bars({
            ...wording,
            title: 'Bars',
            unit: BytesIEC,
            height: 4,
            series: [
              series(
                sum(increase(toolCallBytes, '$__range', of), ['direction']),
                ({ direction }) => direction,
              ),
            ],
          }),
        ],
        [
          table({
            ...wording,
            title: 'Table',
            unit: Short,
            rows: { server: 'Server', tool: 'Tool' },
            columns: [
              column('Calls', calls, Short, { decimals: 0 }),
              column('Share', share(calls, ['server']), PercentUnit, { bar: true }),
              column('Hidden', calls, Short, { hidden: true }),
            ],
            sortBy: 'Calls',
          }),
          matrix({
            ...wording,
            title: 'Matrix',
            unit: Short,
            vector: max(select(sourceCapability), ['source', 'sees']),
            down: 'source',
            across: 'sees',
            words: { 1: ['seen', 'green'] },
          }),
        ],
      ),
    ],
  });

describe('the builders', () => {
  test('write one of each kind of panel as the golden file has it', async () => {
    await expect(`${JSON.stringify(oneOfEach(), null, 2)}\n`).toMatchFileSnapshot(
      '../golden/dashboards/one-of-each.json',
    );
  });

  test('write the same again, since no builder is shared', () => {
    expect(JSON.stringify(oneOfEach())).toBe(JSON.stringify(oneOfEach()));
  });

  test('name a label in the legend as Grafana fills it in', () => {
    const { legend } = series(calls, ({ server, tool }) => `${server}/${tool}`);
    expect(legend).toBe('{{server}}/{{tool}}');
  });

  test('share out the width that no panel of the line claims', () => {
    const line = [someLines('a', 12), someLines('b'), someLines('c')];
    const { panels } = dashboard({
      name: 'x',
      title: 'x',
      question: 'x',
      variables: [],
      rows: [row('r', line)],
    });
    expect(panels!.slice(1).map(({ gridPos }) => [gridPos!.x, gridPos!.w])).toEqual([
      [0, 12],
      [12, 6],
      [18, 6],
    ]);
  });

  test.each([
    ['five equal panels', [1, 2, 3, 4, 5].map((n) => someLines(`${n}`))],
    ['too wide ones', [someLines('a', 16), someLines('b', 16)]],
    ['ones that leave a gap', [someLines('a', 8), someLines('b', 8)]],
  ])('refuse a line of %s', (_, line) => {
    const build = () =>
      dashboard({ name: 'x', title: 'x', question: 'x', variables: [], rows: [row('r', line)] });
    expect(build).toThrow('give them spans that add up to 24');
  });
});
