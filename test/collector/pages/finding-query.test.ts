import { expect, test } from 'vitest';
import { indexQueryOf } from '../../../collector/pages/finding-query.ts';

test('The index is never asked for more than a page of findings', () => {
  expect(indexQueryOf(new URLSearchParams('limit=1000')).limit).toBe(1_001);
  for (const limit of ['-1', '0', '1e9', '999999999', '1.5', 'Infinity'])
    expect(() => indexQueryOf(new URLSearchParams({ limit }))).toThrow('limit must be a whole number');
});
