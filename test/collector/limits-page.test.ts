import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { boundedTables, rejectionReasons } from '../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(root, 'docs/limits.md'), 'utf8');

test.each([
  ['limit', Object.keys(collectorDefaults.limits).map((key) => `\`${key}\``)],
  ['bounded table', boundedTables.map((table) => `{table="${table}"}`)],
  [
    'reason to refuse a request',
    rejectionReasons
      .filter((reason) => !['unauthorized', 'not_found'].includes(reason))
      .map((r) => `\`${r}\``),
  ],
])('docs/limits.md names every %s', (_, names) => {
  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});

test('the tests that docs/limits.md names exist', () => {
  const named = [...page.matchAll(/`((?:hurt|receive|process|collector)\/[\w-]+)`/g)].map(
    ([, name]) => name!,
  );
  const places = (name: string) =>
    ['test', 'test/collector'].flatMap((folder) => [`${folder}/${name}.test.ts`, `${folder}/${name}`]);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !places(name).some((place) => existsSync(resolve(root, place))))).toEqual([]);
});
