import { describe, expect, test } from 'vitest';
import { above, shareOf, thresholdAt } from '../../eval/statistics.ts';

const scored = (...scores: number[]) => scores.map((score, i) => ({ task: `t${i}`, score }));

describe('a threshold', () => {
  test('lets no more than its share of benign sessions alarm', () => {
    const benign = scored(...Array.from({ length: 1_000 }, (_, i) => i));
    for (const perThousand of [0, 1, 2, 5, 10])
      expect(above(benign, thresholdAt(benign, perThousand))).toBe(perThousand);
  });

  test('lets none alarm where a thousandth of the sessions is less than one', () => {
    const benign = scored(3, 1, 2);
    expect(above(benign, thresholdAt(benign, 10))).toBe(0);
  });

  test('counts equal scores on the safe side', () => {
    const benign = scored(...Array.from({ length: 1_000 }, () => 5));
    expect(above(benign, thresholdAt(benign, 10))).toBe(0);
  });
});

describe('a share', () => {
  test('of none or all is bounded by three over the number of tasks, not of sessions', () => {
    const sessions = Array.from({ length: 300 }, (_, i) => ({ task: `t${i % 30}` }));
    expect(shareOf(sessions, () => false)).toEqual({ hits: 0, of: 300, low: 0, high: 0.1 });
    expect(shareOf(sessions, () => true)).toEqual({ hits: 300, of: 300, low: 0.9, high: 1 });
  });

  test('has a wider interval when its sessions are of few tasks', () => {
    const of = (tasks: number) =>
      shareOf(
        Array.from({ length: 400 }, (_, i) => ({ task: `t${i % tasks}`, hit: (i % tasks) % 2 === 0 })),
        ({ hit }) => hit,
      );
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    expect(width(of(8))).toBeGreaterThan(width(of(200)));
  });

  test('of nothing says so', () => {
    expect(shareOf([], () => true)).toEqual({ hits: 0, of: 0, low: 0, high: 1 });
  });
});
