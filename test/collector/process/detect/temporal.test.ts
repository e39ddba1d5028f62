import { describe, expect, test } from 'vitest';
import { Temporal } from '../../../../collector/process/detect/temporal/temporal.ts';
import { DAY_MS, driven, HOUR_MS, MINUTE_MS, type WrittenSession } from './driven.ts';

const MONDAY_MS = Date.UTC(2026, 0, 5);
const WEEKS = 8;
const DAYS = WEEKS * 7;

const call = (startMs: number, principal = 'ana', calls = 4): WrittenSession => ({
  principal,
  startMs,
  calls: Array.from({ length: calls }, (_, i) => ({ tool: 'get_record', afterMs: i * MINUTE_MS })),
});

/** A detector that knows office workers, 9 to 17 in a zone `offset` hours before UTC, Mondays to Fridays. */
function office({ offset = 0, colleagues = 30 } = {}) {
  const detector = new Temporal();
  const { run } = driven(detector);
  for (let day = 0; day < DAYS; day++) {
    if (day % 7 > 4) continue;
    for (let hour = 9; hour < 17; hour++)
      for (const principal of ['ana', ...Array.from({ length: colleagues }, (_, i) => `colleague ${i}`)])
        run({ ...call(MONDAY_MS + day * DAY_MS + (hour - offset) * HOUR_MS, principal), learn: true });
  }
  const at = (day: number, hour: number, principal = 'ana') =>
    run(call(MONDAY_MS + (DAYS + day) * DAY_MS + (hour - offset) * HOUR_MS, principal));
  return { detector, run, at };
}

describe('activity at a time that is not the principal’s own', () => {
  test('at night is found at the third call', () => {
    const [found, ...more] = office().at(1, 2);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ certainty: 'scored', evidence: { calls: [2] } });
    expect(found?.message).toMatch(
      /^3 calls about 02:02 UTC, 10 hours after this principal's usual hours and 7 before them: in 56 days it was active in 0 of 320 quarter-hours within two hours of that time; of \d+ days of all such principals 0 were as unusual\.$/,
    );
  });

  test('is judged in its own zone, which nobody has to name', () => {
    const { at } = office({ offset: -8 });
    expect(at(1, 2)).toHaveLength(1);
    for (const hour of [9, 12, 16]) expect(at(4, hour)).toEqual([]);
  });

  test('on a day of rest is found, and at the same hour of a working day is not', () => {
    const { at } = office();
    expect(at(1, 11)).toEqual([]);
    expect(at(5, 11)[0]?.message).toContain('never active in 61 days');
  });

  test('in California on a Friday evening is a Friday although UTC says Saturday', () => {
    const detector = new Temporal();
    const { run } = driven(detector);
    for (let day = 0; day < DAYS; day++)
      for (let hour = 18; day % 7 < 5 && hour < 26; hour++)
        run({ ...call(MONDAY_MS + day * DAY_MS + hour * HOUR_MS), learn: true });
    expect(run(call(MONDAY_MS + (DAYS + 4) * DAY_MS + 25 * HOUR_MS))).toEqual([]);
  });

  test('is not told for two calls', () => {
    const { run } = office();
    expect(run(call(MONDAY_MS + (DAYS + 1) * DAY_MS + 2 * HOUR_MS, 'ana', 2))).toEqual([]);
  });
});

describe('times that only look unusual', () => {
  test.each([-1, 1])('a change of the clock by %i h is within what is usual', (change) => {
    const { at } = office();
    for (let hour = 9; hour < 17; hour++) expect(at(1, hour + change)).toEqual([]);
  });

  test('overtime goes on from usual work', () => {
    const { at } = office();
    for (let hour = 9; hour < 23; hour++) expect(at(1, hour)).toEqual([]);
  });

  test('agents around the clock have no hours', () => {
    const { run } = driven(new Temporal());
    for (let hour = 0; hour < DAYS * 24; hour += 2)
      run({ ...call(MONDAY_MS + hour * HOUR_MS, 'agent'), learn: true });
    expect(run(call(MONDAY_MS + DAYS * DAY_MS + 3 * HOUR_MS, 'agent'))).toEqual([]);
  });

  test('a nightly batch job may be run again by day', () => {
    const { run } = driven(new Temporal());
    for (let day = 0; day < DAYS; day++)
      for (const quarter of [0, 1, 2, 3])
        run({ ...call(MONDAY_MS + day * DAY_MS + (2 + quarter / 4) * HOUR_MS, 'batch'), learn: true });
    expect(run(call(MONDAY_MS + DAYS * DAY_MS + 14 * HOUR_MS, 'batch'))).toEqual([]);
  });

  test('a principal of ten days has no habits yet', () => {
    const { run } = office();
    for (let day = 0; day < 10; day++)
      for (let hour = 9; hour < 17; hour++)
        run({ ...call(MONDAY_MS + (DAYS + day) * DAY_MS + hour * HOUR_MS, 'new'), learn: true });
    expect(run(call(MONDAY_MS + (DAYS + 11) * DAY_MS + 2 * HOUR_MS, 'new'))).toEqual([]);
  });

  test('new hours become a habit after three days that were told of', () => {
    const { at } = office();
    const told = [0, 1, 2, 3, 4].map((day) => at(day, 2).length);
    expect(told).toEqual([1, 1, 1, 0, 0]);
  });

  test('what colleagues do at night now and then only supports other evidence', () => {
    const { run, at } = office();
    for (let i = 0; i < 5; i++)
      run({ ...call(MONDAY_MS + (DAYS + 1) * DAY_MS + 2 * HOUR_MS, `colleague ${i}`), learn: true });
    expect(at(2, 2)[0]?.certainty).toBe('supporting');
  });
});

describe('the length of a session', () => {
  /** Sixty sessions of about ten minutes and ten calls. */
  function short() {
    const detector = new Temporal();
    const { run } = driven(detector);
    for (let i = 0; i < 60; i++)
      run({
        calls: Array.from({ length: 8 + (i % 5) }, (_, n) => ({
          tool: 'get_record',
          afterMs: n * (50 + i) * 1_000,
        })),
        learn: true,
      });
    return run;
  }

  test('is told while it still runs, once for each doubling', () => {
    const told = short()({
      calls: Array.from({ length: 9 }, (_, n) => ({ tool: 'get_record', afterMs: n * 30 * MINUTE_MS })),
      open: true,
    });
    expect(told.map(({ evidence }) => evidence.calls)).toEqual([[2], [4], [8]]);
    expect(told[0]?.message).toBe(
      'A session of type support runs for 60 min so far; of the last 60 the median is 12 and 99 % stay within 19.',
    );
  });

  test('is told in calls too', () => {
    const told = short()({
      calls: Array.from({ length: 60 }, (_, n) => ({ tool: 'get_record', afterMs: n * 1_000 })),
    });
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringContaining('has made 37 calls so far; of the last 60 the median is 10'),
    ]);
  });

  test('that is twice the usual is left alone', () => {
    const told = short()({
      calls: Array.from({ length: 20 }, (_, n) => ({ tool: 'get_record', afterMs: n * 90_000 })),
    });
    expect(told).toEqual([]);
  });
});

test('a rate far above the peak supports other evidence', () => {
  const { run } = office();
  const told = run({
    principal: 'ana',
    startMs: MONDAY_MS + (DAYS + 1) * DAY_MS + 10 * HOUR_MS,
    calls: Array.from({ length: 150 }, (_, i) => ({ tool: 'get_record', afterMs: i * 1_000 })),
  }).filter(({ message }) => message.includes('in one hour'));
  expect(told).toEqual([
    expect.objectContaining({
      certainty: 'supporting',
      evidence: { calls: [100], baseline: { peak: 4, limit: 100 } },
    }),
  ]);
});

test('habits survive a restart', () => {
  const { detector } = office();
  const again = new Temporal();
  expect(again.restore(JSON.parse(JSON.stringify(detector.snapshot())))).toBe(true);
  const { run } = driven(again);
  expect(run(call(MONDAY_MS + (DAYS + 1) * DAY_MS + 11 * HOUR_MS))).toEqual([]);
  expect(run(call(MONDAY_MS + (DAYS + 2) * DAY_MS + 2 * HOUR_MS))).toHaveLength(1);
  expect(again.restore({ days: -1 })).toBe(false);
});

test('a flood of principals stays within bounds and is counted', () => {
  const detector = new Temporal();
  const { run } = driven(detector);
  for (let i = 0; i < 10_100; i++) run({ principal: `p${i}`, calls: ['a'] });
  expect(detector.evicted()).toBeGreaterThan(0);
});
