import { expect, test } from 'vitest';
import { RateLimit } from '../../../collector/receive/rate-limit.ts';
import { seeded } from '../../random.ts';

const clock = () => {
  const time = { ms: 5_000 };
  return { time, now: () => time.ms };
};

test('a burst of ten seconds is free, and what is overdrawn is waited for', () => {
  const { time, now } = clock();
  const limit = new RateLimit(100, now);
  limit.spend(999);
  expect(limit.waitSeconds).toBe(0);
  limit.spend(501);
  expect(limit.waitSeconds).toBeCloseTo(5.01);
  time.ms += 5_000;
  expect(limit.waitSeconds).toBeCloseTo(0.01);
  time.ms += 11;
  expect(limit.waitSeconds).toBe(0);
});

test('a bucket that rests holds no more than its burst', () => {
  const { time, now } = clock();
  const limit = new RateLimit(10, now);
  time.ms += 3_600_000;
  limit.spend(101);
  expect(limit.waitSeconds).toBeGreaterThan(0);
});

test('whatever comes and however large, no more than the rate goes through but for the burst and one request', () => {
  const random = seeded(7);
  const { time, now } = clock();
  const limit = new RateLimit(50, now);
  let through = 0;
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    time.ms += random() * 100;
    if (limit.waitSeconds > 0) refused++;
    else {
      const cost = 1 + Math.floor(random() * 40);
      limit.spend(cost);
      through += cost;
    }
  }
  const seconds = (time.ms - 5_000) / 1_000;
  expect(refused).toBeGreaterThan(1_000);
  expect(through).toBeLessThanOrEqual(50 * (seconds + 10) + 40);
  expect(through).toBeGreaterThan(50 * seconds * 0.95);
});
