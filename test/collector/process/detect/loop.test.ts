import { describe, expect, test } from 'vitest';
import { Loop } from '../../../../collector/process/detect/loop.ts';
import { driven, type WrittenCall } from './driven.ts';

const times = (count: number, make: (i: number) => WrittenCall): WrittenCall[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe('a loop', () => {
  test('of one call with the same arguments and result is told at six rounds, and again when it has doubled', () => {
    const told = driven(new Loop()).run({
      calls: times(25, () => ({ tool: 'search', args: { query: 'x' }, result: 'nothing found' })),
    });
    expect(told.map(({ evidence }) => evidence.calls.at(-1))).toEqual([5, 11, 23]);
    expect(told[0]?.message).toBe(
      '`search` 6 times with the same arguments and the same result, so nothing comes of it; in 0 sessions that asked this tool the same again, 99 % stopped at 0.',
    );
    expect(told[0]?.evidence.calls).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('of two calls in turn is told at six rounds of both', () => {
    const told = driven(new Loop()).run({
      calls: times(14, (i) => ({ tool: i % 2 ? 'read' : 'write', args: { path: 'a' }, result: 'ok' })),
    });
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toContain('6 times with 1 other call in turn and the same results');
  });

  test('of failing calls is one too', () => {
    const told = driven(new Loop()).run({
      calls: times(6, () => ({ tool: 'build', outcome: 'tool_error', result: 'error: missing file' })),
    });
    expect(told).toHaveLength(1);
  });
});

describe('a runaway', () => {
  const known = (tool: string) => {
    const { run } = driven(new Loop());
    const again = (rounds: number, learn: boolean) =>
      run({ calls: times(rounds, () => ({ tool, args: { job: 7 }, result: 'pending' })), learn });
    return again;
  };
  const certainties = (told: readonly { certainty: string }[]) =>
    new Set(told.map(({ certainty }) => certainty));

  test('of a tool that changes something is confirmed at ten times the limit, where sessions are known', () => {
    const again = known('send_reminder');
    expect(certainties(again(300, true))).toEqual(new Set(['scored']));
    for (let i = 0; i < 200; i++) again(3, true);
    const told = again(300, false);
    expect(told.map(({ certainty, evidence }) => [certainty, evidence.baseline?.rounds])).toEqual([
      ['scored', 6],
      ['scored', 12],
      ['scored', 24],
      ['scored', 48],
      ['confirmed', 96],
      ['confirmed', 192],
    ]);
  });

  test('is confirmed where any call of its round changes something', () => {
    const { run } = driven(new Loop());
    const work = (rounds: number) =>
      times(2 * rounds, (i) => ({ tool: i % 2 ? 'get_job' : 'update_job', args: { job: 7 }, result: 'ok' }));
    for (let i = 0; i < 60; i++)
      for (const tool of ['get_job', 'update_job'])
        run({ calls: times(3, () => ({ tool, args: { job: 7 }, result: 'ok' })), learn: true });
    expect(certainties(run({ calls: work(200) }))).toEqual(new Set(['scored', 'confirmed']));
  });

  test.each(['get_job', 'wait', 'upload_status', 'await_run', 'get_update_status'])(
    'is not what an hour of polling %s every 5 s is, though nothing happens',
    (tool) => {
      const again = known(tool);
      for (let i = 0; i < 200; i++) again(3, true);
      expect(certainties(again(720, false))).toEqual(new Set(['scored']));
    },
  );
});

describe('what only looks like a loop', () => {
  test('a poll whose result changes makes progress', () => {
    const told = driven(new Loop()).run({
      calls: times(100, (i) => ({ tool: 'get_status', args: { job: 7 }, result: `${i} %` })),
    });
    expect(told).toEqual([]);
  });

  test('calls whose results nobody sent, or a restart forgot, are not known to be the same', () => {
    const { run } = driven(new Loop());
    expect(run({ calls: times(100, () => ({ tool: 'search' })) })).toEqual([]);
    expect(run({ calls: times(100, () => ({ tool: 'get_status', args: { job: 7 } })) })).toEqual([]);
  });

  test('pages of a list differ in their arguments', () => {
    const told = driven(new Loop()).run({
      calls: times(100, (i) => ({ tool: 'list_files', args: { page: i }, result: 'ok' })),
    });
    expect(told).toEqual([]);
  });

  test('a tool that is usually polled may be polled twice as often', () => {
    const { run } = driven(new Loop());
    const poll = (rounds: number) => ({
      calls: times(rounds, () => ({ tool: 'wait', args: { job: 7 }, result: 'pending' })),
      learn: true,
    });
    for (let i = 0; i < 50; i++) run(poll(5));
    expect(run({ ...poll(10), learn: false })).toHaveLength(1);
    expect(run(poll(9))).toEqual([]);
  });

  test('five rounds are none', () => {
    expect(driven(new Loop()).run({ calls: times(5, () => ({ tool: 'search' })) })).toEqual([]);
  });
});

test('what is usual survives a restart', () => {
  const detector = new Loop();
  const { run } = driven(detector);
  const poll = { calls: times(5, () => ({ tool: 'wait', result: 'pending' })), learn: true };
  for (let i = 0; i < 50; i++) run(poll);
  const again = new Loop();
  expect(again.restore(JSON.parse(JSON.stringify(detector.snapshot())))).toBe(true);
  expect(driven(again).run({ calls: times(9, () => ({ tool: 'wait', result: 'pending' })) })).toEqual([]);
  expect(again.restore({})).toBe(false);
});

test('a flood of tools stays within bounds and is counted', () => {
  const detector = new Loop();
  const { run } = driven(detector);
  for (let i = 0; i < 2_010; i++)
    run({ calls: times(2, () => ({ tool: `t${i}`, result: 'ok' })), learn: true });
  expect(detector.evicted()).toBeGreaterThan(0);
});
