import { expect, test } from 'vitest';
import { table } from '../../bench/table.ts';

test('a table aligns its columns and says which demands are met', () => {
  const text = table([
    { name: 'plain', unit: 'ms', rounds: [3, 1, 2] },
    {
      name: 'JSON × 100, durable',
      unit: 'µs',
      rounds: [10],
      ratios: { '× raw': 1.5, '× usual': 0.25 },
      demand: { text: '≤ 1.35 × raw', met: false },
    },
  ]);
  expect(text.split('\n')).toEqual([
    '| figure              | median  | range     | ratios                    | demanded     |       |',
    '| ------------------- | ------- | --------- | ------------------------- | ------------ | ----- |',
    '| plain               | 2.00 ms | 1.00–3.00 |                           |              |       |',
    '| JSON × 100, durable | 10.0 µs | 10.0–10.0 | 1.50 × raw, 0.250 × usual | ≤ 1.35 × raw | short |',
  ]);
});
