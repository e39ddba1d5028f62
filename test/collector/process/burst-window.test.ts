import { describe, expect, test } from 'vitest';
import { BurstWindow, capacityFor } from '../../../collector/process/burst-window.ts';
import { seeded } from '../../random.ts';

const LATENESS_MS = 300_000;
const HOLD_MS = 15_000;

const window = (windowSeconds: number, limit: number, holdMs = HOLD_MS) =>
  new BurstWindow({
    windowMs: windowSeconds * 1_000,
    latenessMs: LATENESS_MS,
    holdMs,
    capacity: capacityFor(limit, windowSeconds * 1_000, LATENESS_MS),
  });

/** The oracle: tries the half-open window that starts at each event. */
const largest = (times: readonly number[], windowMs: number) =>
  Math.max(0, ...times.map((from) => times.filter((t) => t >= from && t < from + windowMs).length));

const peakOf = (times: readonly number[], windowSeconds = 30, limit = 5) => {
  const burst = window(windowSeconds, limit);
  const nowMs = Math.max(...times);
  for (const time of times) burst.add(time, nowMs);
  return burst.peak(nowMs);
};

describe('the largest number of events in a window', () => {
  test('is 6 for six within 30 s and 5 for five', () => {
    expect(peakOf([0, 1, 2, 3, 4, 29_999])).toBe(6);
    expect(peakOf([0, 1, 2, 3, 4])).toBe(5);
  });

  test('does not count two events exactly one window apart as being in it together', () => {
    expect(peakOf([0, 1, 2, 3, 4, 30_000])).toBe(5);
    expect(peakOf([0, 30_000, 60_000])).toBe(1);
    expect(peakOf([0.5, 30_000.4])).toBe(2);
  });

  test('counts events at the same millisecond, and a window that straddles any clock minute', () => {
    expect(peakOf([59_000, 59_000, 59_000, 61_000, 61_000, 61_000])).toBe(6);
  });

  test('does not depend on the order of arrival', () => {
    expect(peakOf([29_000, 1_000, 40_000, 2_000, 28_000, 3_000, 27_000])).toBe(6);
  });

  test.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'agrees with a brute force search (seed %i)',
    (seed) => {
      const random = seeded(seed);
      const windowSeconds = 1 + Math.floor(random() * 60);
      const count = 1 + Math.floor(random() * 120);
      // Coarse times give ties and distances of exactly one window.
      const step = random() < 0.5 ? 1_000 : 1;
      const times = Array.from({ length: count }, () => Math.floor((random() * 200_000) / step) * step);
      const burst = window(windowSeconds, 5, Number.MAX_SAFE_INTEGER);
      const arrived: number[] = [];
      for (const time of times) {
        burst.add(time, 200_000);
        arrived.push(time);
        expect(burst.peak(200_000)).toBe(largest(arrived, windowSeconds * 1_000));
      }
    },
  );

  test.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'agrees with a brute force search when events arrive up to the lateness bound late (seed %i)',
    (seed) => {
      const random = seeded(1_000 + seed);
      const events = Array.from({ length: 200 }, () => {
        const arrivedMs = Math.floor(random() * 1_200_000);
        return { arrivedMs, timeMs: arrivedMs - Math.floor(random() * LATENESS_MS) };
      }).sort((a, b) => a.arrivedMs - b.arrivedMs);
      const burst = window(30, 20, Number.MAX_SAFE_INTEGER);
      for (const { timeMs, arrivedMs } of events) burst.add(timeMs, arrivedMs);
      const times = events.map(({ timeMs }) => timeMs);
      expect(burst.peak(1_200_000)).toBe(largest(times, 30_000));
    },
  );
});

describe('a peak', () => {
  test('is held from the arrival of its last event on, however late that was', () => {
    const burst = window(30, 5);
    for (let i = 0; i < 6; i++) burst.add(i, 200_000);
    expect(burst.peak(200_000)).toBe(6);
    expect(burst.peak(200_000 + HOLD_MS - 1)).toBe(6);
    expect(burst.peak(200_000 + HOLD_MS)).toBe(0);
  });

  test('is held for no longer when the clock steps back an hour', () => {
    const burst = window(30, 5);
    for (let i = 0; i < 6; i++) burst.add(3_600_000, 3_600_000);
    expect(burst.peak(10_000)).toBe(6);
    expect(burst.peak(10_000 + HOLD_MS)).toBe(0);
  });

  test('is followed by the next lower one that is still held', () => {
    const burst = window(30, 5);
    for (let i = 0; i < 6; i++) burst.add(i, 0);
    burst.add(60_000, 10_000);
    expect(burst.peak(HOLD_MS - 1)).toBe(6);
    expect(burst.peak(HOLD_MS)).toBe(1);
  });

  test('is held anew after a restart, but not when the burst is long past', () => {
    const burst = window(30, 5);
    for (let i = 0; i < 6; i++) burst.add(i, 0);
    const saved = burst.snapshot(1_000);
    const soon = window(30, 5);
    soon.restore(saved, 60_000);
    expect(soon.peak(60_000 + HOLD_MS - 1)).toBe(6);
    const muchLater = window(30, 5);
    muchLater.restore(saved, LATENESS_MS + 40_000);
    expect(muchLater.peak(LATENESS_MS + 40_000)).toBe(0);
  });

  test('grows on after a restart with the events from before', () => {
    const burst = window(30, 5);
    for (let i = 0; i < 5; i++) burst.add(i * 1_000, 4_000);
    const next = window(30, 5);
    next.restore(burst.snapshot(5_000), 10_000);
    next.add(10_000, 10_000);
    expect(next.peak(10_000)).toBe(6);
  });
});

describe('memory of a window', () => {
  test('is bounded, and its peak saturates there', () => {
    const capacity = capacityFor(5, 30_000, LATENESS_MS);
    const burst = window(30, 5);
    for (let i = 0; i < 20_000; i++) burst.add(i / 1_000, 1_000);
    expect(burst.snapshot(1_000).times).toHaveLength(capacity);
    expect(burst.peak(1_000)).toBe(capacity);
  });

  test.each([
    [5, 30],
    [10, 60],
    [100, 1],
  ])('holds all events that can matter while no window held more than %i in %i s', (limit, windowSeconds) => {
    const windowMs = windowSeconds * 1_000;
    const most = limit * Math.ceil((LATENESS_MS + windowMs) / windowMs);
    expect(capacityFor(limit, windowMs, LATENESS_MS)).toBeGreaterThanOrEqual(most);
  });

  test('is given back when nothing in it can matter any more', () => {
    const burst = window(30, 5);
    burst.add(0, 0);
    expect(burst.isSpent(LATENESS_MS + 29_999)).toBe(false);
    expect(burst.isSpent(LATENESS_MS + 30_000)).toBe(true);
  });
});
