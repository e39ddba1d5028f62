import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const rooms = [
  'collector',
  'alerts',
  'dashboards',
  'stack',
  'stack.config.ts',
  'tsconfig.json',
  'package.json',
];

/** Type-checks the copy and returns the files that have errors. */
async function filesWithErrors(copy: string): Promise<string[]> {
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--noEmit', '--pretty', 'false'], {
    cwd: copy,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error) => error as { stdout: string });
  return [...new Set([...stdout.matchAll(/^([^\s(]+\.ts)\(/gm)].map(([, file]) => file!))];
}

describe('a label is written once', () => {
  const copy = mkdtempSync(join(tmpdir(), 'mcp-lookout-rename-'));
  beforeAll(() => {
    for (const room of rooms) cpSync(join(root, room), join(copy, room), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test('the copy compiles as it is', async () => {
    expect(await filesWithErrors(copy)).toEqual([]);
  }, 60_000);

  test('renaming `tool` of the tool calls breaks the alert, its wording, the panel and the collector', async () => {
    const metrics = join(copy, 'collector/catalogue/metrics.ts');
    const text = readFileSync(metrics, 'utf8');
    const renamed = text.replace(
      'labels: { server, tool, client, outcome: outcomes }',
      'labels: { server, tool_name: tool, client, outcome: outcomes }',
    );
    expect(renamed).not.toBe(text);
    writeFileSync(metrics, renamed);
    const broken = await filesWithErrors(copy);
    writeFileSync(metrics, text);
    expect(broken).toContain('alerts/tools.ts');
    expect(broken).toContain('dashboards/operations.ts');
    expect(broken).toContain('collector/process/tool-calls.ts');
  }, 60_000);

  test('a label lost in the aggregation cannot be named in the wording', async () => {
    const file = join(copy, 'alerts/lost-label.ts');
    writeFileSync(
      file,
      `import { rate, sum } from '../collector/catalogue/promql.ts';
       import { toolCalls } from '../collector/catalogue/metrics.ts';
       import { alert } from './alert.ts';
       export const lost = alert({
         name: 'Lost', severity: 'warning', group: 'slow', settings: {},
         measure: () => sum(rate(toolCalls, '5m'), ['server']),
         above: () => 1,
         summary: ({ tool }) => tool, description: () => '', action: 'Restart it.', runbook: 'ir-lost', tests: () => [],
       });`,
    );
    const broken = await filesWithErrors(copy);
    rmSync(file);
    expect(broken).toEqual(['alerts/lost-label.ts']);
  }, 60_000);
});
