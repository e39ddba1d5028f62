import { expect, test } from 'vitest';
import { countValues } from '../../../collector/receive/json-bounds.ts';

test('values are counted with those inside', () => {
  expect(countValues('text', 0)).toBe(1);
  expect(countValues(null, 0)).toBe(1);
  expect(countValues([1, 2, { a: [], b: null }], 3)).toBe(6);
});

test('nesting is refused one level beyond the bound', () => {
  expect(countValues([[[]]], 3)).toBe(3);
  expect(countValues([[[]]], 2)).toBeUndefined();
});

test('a depth that would overflow the stack is refused like any other', () => {
  const depth = 400_000;
  expect(countValues(JSON.parse('['.repeat(depth) + ']'.repeat(depth)), 64)).toBeUndefined();
});
