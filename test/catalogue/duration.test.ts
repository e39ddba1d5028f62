import { describe, expect, test } from 'vitest';
import { isDuration, secondsOf } from '../../collector/catalogue/duration.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 0.5],
    ['30s', 30],
    ['2m', 120],
    ['1h', 3_600],
    ['1d', 86_400],
    ['1w', 604_800],
  ] as [Duration, number][])('%s is %d seconds', (duration, seconds) => {
    expect(isDuration(duration)).toBe(true);
    expect(secondsOf(duration)).toBe(seconds);
  });

  test.each(['', '5', '0s', '-5m', '1.5h', '5 m', '1h30m', '5y', 'm', 300, null])('is not %j', (text) => {
    expect(isDuration(text)).toBe(false);
  });

  test('that is none is refused with what to write', () => {
    expect(() => secondsOf('5' as Duration)).toThrow(
      '"5" is not a duration: write a whole number and one of ms, s',
    );
  });
});
