import { describe, expect, test } from 'vitest';
import { ScoreSketch } from '../../../../collector/process/detect/score-sketch.ts';

/** Sessions with the scores 1 to `scored`, and so many without any. */
function sketchOf(scored: number, without = 0): ScoreSketch {
  const sketch = new ScoreSketch();
  for (let score = 1; score <= scored; score++) sketch.add(score);
  for (let i = 0; i < without; i++) sketch.add(0);
  return sketch;
}

describe('the bound for a share of sessions', () => {
  test('is one that no more than this share exceeds, to within one per cent of the score', () => {
    const sketch = sketchOf(10_000);
    for (const share of [0.5, 0.1, 0.01, 0.001]) {
      const bound = sketch.boundFor(share)!;
      const exact = 10_000 * (1 - share);
      expect(bound).toBeGreaterThan(exact * 0.99);
      expect(bound).toBeLessThan(exact * 1.025);
      expect(sketch.shareAbove(bound)).toBeLessThanOrEqual(share);
    }
  });

  test('counts the sessions that had no score', () => {
    const sketch = sketchOf(10, 990);
    expect(sketch.boundFor(0.05)).toBe(0);
    expect(sketch.boundFor(0.006)).toBeGreaterThan(5);
  });

  test('is not known before enough sessions were seen to claim it', () => {
    expect(sketchOf(0, 998).boundFor(0.001)).toBeUndefined();
    expect(sketchOf(0, 999).boundFor(0.001)).toBe(0);
    expect(sketchOf(100).boundFor(0)).toBeUndefined();
  });

  test('lies above every score where each of them would be too many', () => {
    const sketch = sketchOf(0, 1_000);
    for (let i = 0; i < 10; i++) sketch.add(7);
    expect(sketch.boundFor(0.002)).toBeGreaterThanOrEqual(7);
    expect(sketch.shareAbove(sketch.boundFor(0.002)!)).toBe(0);
  });
});

test('The chance of a score is never less than the number of sessions allows to claim', () => {
  const sketch = sketchOf(99);
  expect(sketch.chanceOf(1_000)).toBeCloseTo(1 / 100);
  expect(sketch.chanceOf(1)).toBe(1);
  expect(new ScoreSketch().chanceOf(5)).toBe(1);
});

test('What is forgotten counts less, and what is left of a few sessions goes', () => {
  const sketch = sketchOf(100);
  sketch.forget(0.5);
  expect(sketch.sessions).toBe(50);
  for (let day = 0; day < 20; day++) sketch.forget(0.5);
  expect(sketch.snapshot().counts).toEqual([]);
});

test('Its memory is bounded whatever scores come, and it survives being saved', () => {
  const sketch = new ScoreSketch();
  for (let exponent = -320; exponent < 308; exponent++) sketch.add(10 ** exponent);
  sketch.add(Number.POSITIVE_INFINITY);
  sketch.add(Number.NaN);
  const saved = JSON.parse(JSON.stringify(sketch.snapshot()));
  expect(saved.counts.length).toBeLessThan(2_100);
  const restored = new ScoreSketch();
  restored.restore(saved);
  expect(restored.boundFor(0.1)).toBe(sketch.boundFor(0.1));
});
