import { describe, expect, test } from 'vitest';
import { atLeast, atMost, median, quantile, ratio, readable } from '../../bench/figures.ts';

describe('the arithmetic of the bench', () => {
  test('the median is the middle value, or the mean of the two middle ones, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 100, 1])).toBe(9.5);
    expect(median([7])).toBe(7);
    expect(() => median([])).toThrow('nothing');
  });

  test('the median leaves the values as they are', () => {
    const rounds = [3, 1, 2];
    median(rounds);
    expect(rounds).toEqual([3, 1, 2]);
  });

  test('a quantile is a value that occurred, by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile(values, 0.5)).toBe(50);
    expect(quantile(values, 1)).toBe(100);
    expect(quantile([4], 0.01)).toBe(4);
    expect(() => quantile([], 0.5)).toThrow('nothing');
  });

  test('a ratio compares round with round, so that one slow round on both sides changes nothing', () => {
    expect(ratio([2, 4, 60], [1, 2, 30])).toBe(2);
    expect(ratio([3, 4, 10], [1, 2, 10])).toBe(2);
    expect(() => ratio([1, 2], [1])).toThrow('both sides');
  });

  test('a demand is met at its limit and not beyond', () => {
    expect([atMost(1.35, 1.35, '×').met, atMost(1.36, 1.35, '×').met]).toEqual([true, false]);
    expect([atLeast(3, 3, '×').met, atLeast(2.99, 3, '×').met]).toEqual([true, false]);
    expect(atMost(1, 1.35, '× raw').text).toBe('≤ 1.35 × raw');
  });

  test('figures are written with three digits that matter', () => {
    expect([0, 0.01234, 1.857, 23.45, 140.2, 35_249, 1_234_567].map(readable)).toEqual([
      '0',
      '0.0123',
      '1.86',
      '23.5',
      '140',
      '35,200',
      '1,230,000',
    ]);
  });
});
