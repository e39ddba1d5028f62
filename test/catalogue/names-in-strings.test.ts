import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { knownMetrics } from '../../collector/catalogue/catalogue.ts';

const root = resolve(import.meta.dirname, '../..');
const rooms = ['collector', 'alerts', 'dashboards', 'stack', 'charts', 'run'];

const names = knownMetrics.map((metric) => metric.name).filter((name) => name.includes('_'));
// A name, or anything that looks like one of ours, inside quotes; comments and prose in Markdown are not code.
const metricLike = new RegExp(
  `\\b(?:${names.join('|')}|mcp_[a-z_]+_(?:total|seconds|bytes|peak|baseline|info|active))`,
);

const code = (file: string) =>
  readFileSync(join(root, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|\s)\/\/.*$/gm, '');

function metricNamesInStrings(text: string): string[] {
  return [...text.matchAll(/(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)]
    .map(([, , inside]) => metricLike.exec(inside!)?.[0])
    .filter((name) => name !== undefined);
}

describe('metric names', () => {
  test('stand in the catalogue alone', () => {
    const files = rooms
      .flatMap((room) =>
        readdirSync(join(root, room), { recursive: true, withFileTypes: true }).map((entry) => ({
          path: relative(root, join(entry.parentPath, entry.name)),
          entry,
        })),
      )
      .filter(({ entry, path }) => entry.isFile() && path.endsWith('.ts'))
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('collector/catalogue/'));
    const found = files.flatMap((file) => metricNamesInStrings(code(file)).map((name) => `${file}: ${name}`));
    expect(found, 'build the expression with collector/catalogue/promql.ts').toEqual([]);
  });

  test('are found in quotes of every kind', () => {
    expect(metricNamesInStrings(`const q = 'rate(mcp_tool_calls_total[5m])';`)).toEqual([
      'mcp_tool_calls_total',
    ]);
    expect(metricNamesInStrings('const q = `sum(mcp_invented_total)`;')).toEqual(['mcp_invented_total']);
  });
});
