import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SourceCopy } from '../type-check.ts';

const METRICS = 'collector/catalogue/metrics.ts';

describe('a label is written once', () => {
  let copy: SourceCopy;
  beforeAll(() => {
    copy = new SourceCopy();
  });
  afterAll(() => copy.remove());

  test('the copy compiles as it is', async () => {
    expect(await copy.errors()).toEqual([]);
  });

  test('renaming the tool of tool calls breaks the alert, its wording, the panel, its legend and the collector', async () => {
    const back = copy.replace(
      METRICS,
      'labels: { server, tool, client, outcome: outcomes }',
      'labels: { server, tool_name: tool, client, outcome: outcomes }',
    );
    const errors = await copy.errors();
    back();
    const files = new Set(errors.map(({ file }) => file));
    expect(files).toContain('alerts/tools.ts');
    expect(files).toContain('dashboards/operations.ts');
    expect([...files].some((file) => file.startsWith('collector/process/'))).toBe(true);
    const wording = errors.filter(
      ({ file, source }) => file === 'alerts/tools.ts' && /\(\{[^}]*tool/.test(source),
    );
    expect(wording, 'the wording names the label').not.toEqual([]);
  });

  test('renaming a value of a closed set breaks whoever asked for it', async () => {
    const back = copy.replace('collector/catalogue/labels.ts', "  'tool_error',", "  'tool_failure',");
    const errors = await copy.errors();
    back();
    expect(errors).not.toEqual([]);
  });

  test('a label lost in the aggregation cannot be named in the wording', async () => {
    const back = copy.add(
      'alerts/lost-label.ts',
      `import { toolCalls } from '../collector/catalogue/metrics.ts';
import { rate, sum } from '../collector/catalogue/promql.ts';
import { alert } from './alert.ts';
export const lost = alert({
  name: 'Lost', severity: 'warning', group: 'slow', settings: {},
  measure: () => sum(rate(toolCalls, '5m'), ['server']),
  above: () => 1,
  summary: ({ tool }) => tool, description: () => '', action: 'Restart it.', runbook: 'ir-lost', tests: () => [],
});
`,
    );
    const errors = await copy.errors();
    back();
    expect(errors.map(({ source }) => source.trim())).toEqual([
      expect.stringContaining('summary: ({ tool }) => tool'),
    ]);
  });
});
