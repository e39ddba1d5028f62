import { expect, test } from 'vitest';
import { withSection } from '../../run/readme.ts';
import { textTable } from '../../run/text-table.ts';

const page = 'before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n';

test('a section is written anew, and nothing beside it', () => {
  const once = withSection(page, 'bench', 'new');
  expect(once).toBe('before\n<!-- bench -->\nnew\n<!-- /bench -->\nafter\n');
  expect(withSection(once, 'bench', 'new')).toBe(once);
});

test('a page without the section is refused by its marks', () => {
  expect(() => withSection(page, 'eval', 'new')).toThrow(
    'no section between <!-- eval --> and <!-- /eval -->',
  );
});

test('columns of a table stand below each other, whatever characters are in them', () => {
  const lines = textTable(
    ['a', 'long head'],
    [
      ['µs × 100', '1'],
      ['𝛼', '2'],
    ],
  ).split('\n');
  expect(new Set(lines.map((line) => [...line].length)).size).toBe(1);
});
