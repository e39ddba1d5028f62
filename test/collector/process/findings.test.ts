import { describe, expect, test } from 'vitest';
import { collectorEvictions, collectorLearning } from '../../../collector/catalogue/collector-metrics.ts';
import { findings, sessionUniqueToolsBaseline } from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

const toolNames = (count: number) => Array.from({ length: count }, (_, i) => `tool-${i}`);

/** Completes one session for each number of distinct tools. */
function complete(mcp: Lookout, distinctTools: readonly number[], type = 'support'): void {
  for (const count of distinctTools) {
    const session = { id: `usual-${mcp.nowMs}`, type };
    mcp.send('session_start', { session });
    mcp.calls(session.id, toolNames(count));
    mcp.send('session_end', { session });
    mcp.pass(1);
  }
}

const options = { baselineMinimumSessions: 5, baselineSessions: 10 };
const baseline = (mcp: Lookout) => mcp.gauge(sessionUniqueToolsBaseline, { session_type: 'support' });

describe('the baseline of a session type', () => {
  test('is silent until enough sessions have completed, and does not count those without a call', async () => {
    const mcp = new Lookout(options);
    complete(mcp, [2, 2, 2, 2, 0, 0]);
    expect(await baseline(mcp)).toBeUndefined();
    complete(mcp, [2]);
    expect(await baseline(mcp)).toBe(2);
  });

  test('is the median, which a few wild sessions do not move', async () => {
    const mcp = new Lookout(options);
    complete(mcp, [3, 2, 100, 4, 3]);
    expect(await baseline(mcp)).toBe(3);
    complete(mcp, [4]);
    expect(await baseline(mcp)).toBe(3.5);
    complete(mcp, [3]);
    expect(await baseline(mcp)).toBe(3);
  });

  test('follows the newest sessions', async () => {
    const mcp = new Lookout(options);
    complete(
      mcp,
      Array.from({ length: 10 }, () => 2),
    );
    complete(
      mcp,
      Array.from({ length: 10 }, () => 7),
    );
    expect(await baseline(mcp)).toBe(7);
  });

  test('is kept for as many types as configured, the one unused for longest goes', async () => {
    const mcp = new Lookout({ ...options, limits: { sessionTypes: 2 } });
    complete(mcp, [2, 2, 2, 2, 2], 'support');
    for (const type of ['a', 'b']) complete(mcp, [2, 2, 2, 2, 2], type);
    expect(await baseline(mcp)).toBeUndefined();
    expect(await mcp.value(collectorEvictions, { table: 'baselines' })).toBe(1);
  });

  /** Ends sessions of a client, or of a user, with so many tools. */
  function flood(
    mcp: Lookout,
    sessions: number,
    tools: number,
    as: (i: number) => { user?: string; client?: { name: string } },
  ) {
    for (let i = 0; i < sessions; i++) {
      const session = { id: `flood-${mcp.nowMs}`, type: 'support' };
      mcp.calls(session.id, toolNames(tools), { session, ...as(i) });
      mcp.send('session_end', { session });
      mcp.pass(1);
    }
  }

  test.each([
    ['one user', () => ({ user: 'mallory' })],
    ['clients that one agent makes up', (i: number) => ({ client: { name: `agent ${i}` } })],
  ])('is not moved by the sessions of %s, however many', async (_, as) => {
    const mcp = new Lookout({ ...options, baselineSessions: 500 });
    flood(mcp, 100, 2, (i) => ({ user: `user-${i % 25}` }));
    flood(mcp, 300, 6, as);
    expect(await baseline(mcp)).toBe(2);
    expect(await mcp.value(collectorLearning, { result: 'principal_share' })).toBeGreaterThan(250);
  });

  test('is learnt where no source knows users', async () => {
    const mcp = new Lookout(options);
    flood(mcp, 100, 4, (i) => ({ client: { name: `desk ${i % 3}` } }));
    expect(await baseline(mcp)).toBe(4);
    expect(await mcp.value(collectorLearning, { result: 'learnt' })).toBe(100);
  });

  test('survives a restart', async () => {
    const before = new Lookout(options);
    complete(before, [2, 3, 3, 4]);
    const { next } = before.restarted();
    complete(next, [3]);
    expect(await baseline(next)).toBe(3);
  });
});

describe('tool diversity', () => {
  const watched = () => {
    const mcp = new Lookout(options);
    complete(mcp, [2, 2, 2, 2, 2]);
    return mcp;
  };
  const explore = (mcp: Lookout, id: string, count: number) =>
    mcp.calls(id, toolNames(count), { session: { id, type: 'support' }, user: 'ada' });

  test('of three times the baseline is no finding, and of one tool more is one', async () => {
    const mcp = watched();
    explore(mcp, 'odd', 6);
    expect(mcp.pipeline.findings.all).toEqual([]);
    explore(mcp, 'odd', 7);
    expect(mcp.pipeline.findings.all).toMatchObject([
      {
        detector: 'tool_diversity',
        severity: 'warning',
        session: 'odd',
        session_type: 'support',
        server: 'files',
        user: 'ada',
        score: 3.5,
        message: '7 distinct tools; the median of the last 5 sessions of type support is 2.',
      },
    ]);
  });

  test('that goes on growing is one finding, brought up to date', async () => {
    const mcp = watched();
    explore(mcp, 'odd', 7);
    const firstSeen = mcp.nowMs;
    mcp.pass(60);
    explore(mcp, 'odd', 12);
    expect(mcp.pipeline.findings.all).toMatchObject([
      { score: 6, first_seen_ms: firstSeen, last_seen_ms: firstSeen + 60_000 },
    ]);
    const labels = { detector: 'tool_diversity', severity: 'warning', session_type: 'support' };
    expect(await mcp.value(findings, labels)).toBe(1);
  });

  test('is judged against sessions of the same type only', () => {
    const mcp = watched();
    mcp.calls('other', toolNames(20));
    expect(mcp.pipeline.findings.all).toEqual([]);
  });

  test('is found again in a later session with the same id', () => {
    const mcp = watched();
    explore(mcp, 'odd', 7);
    mcp.send('session_end', { session: { id: 'odd' } });
    mcp.pass(5);
    explore(mcp, 'odd', 7);
    expect(mcp.pipeline.findings.of('odd')).toHaveLength(2);
  });

  test('is found again there also when an event of the earlier one comes after the later one has begun', () => {
    const mcp = watched();
    explore(mcp, 'odd', 7);
    const session = { id: 'odd', type: 'support' };
    mcp.send('session_end', { session });
    mcp.pass(5);
    mcp.send('session_start', { session });
    mcp.send('tool_call', { session, tool: 'late' }, 5);
    explore(mcp, 'odd', 7);
    expect(mcp.pipeline.findings.of('odd')).toHaveLength(2);
    expect(mcp.pipeline.sessions.find('odd')).toMatchObject({ startedMs: mcp.nowMs, calls: 7 });
    expect(mcp.pipeline.sessions.ended.at(-1)).toMatchObject({ id: 'odd', lateEvents: 1 });
  });

  test('found before a restart is still there and not counted again', async () => {
    const before = watched();
    explore(before, 'odd', 7);
    const { next } = before.restarted();
    explore(next, 'odd', 8);
    expect(next.pipeline.findings.all).toMatchObject([{ session: 'odd', score: 4 }]);
    const labels = { detector: 'tool_diversity', severity: 'warning', session_type: 'support' };
    expect(await next.value(findings, labels)).toBe(1);
  });
});

test('Findings are bounded: the oldest makes room, and that is counted', async () => {
  const mcp = new Lookout({ ...options, limits: { findings: 3 } });
  complete(mcp, [1, 1, 1, 1, 1]);
  for (let i = 0; i < 5; i++) {
    mcp.calls(`odd-${i}`, toolNames(4), { session: { id: `odd-${i}`, type: 'support' } });
  }
  expect(mcp.pipeline.findings.all.map(({ session }) => session)).toEqual(['odd-4', 'odd-3', 'odd-2']);
  expect(await mcp.value(collectorEvictions, { table: 'findings' })).toBe(2);
});

describe('findings that are read back', () => {
  const found = () => {
    const mcp = new Lookout(options);
    complete(mcp, [2, 2, 2, 2, 2]);
    for (const id of ['odd', 'other'])
      mcp.calls(id, toolNames(7), { session: { id, type: 'support' }, user: id });
    return mcp;
  };

  test('are kept when another one beside them has an unknown shape', () => {
    const { findings: told } = found().pipeline;
    const [first, second] = JSON.parse(JSON.stringify(told.snapshot()));
    const next = new Lookout(options).pipeline.findings;
    expect(next.restore([{ ...first, detector: 'of_another_version' }, second, null])).toBe(false);
    expect(next.all).toEqual([second]);
  });

  test('keep a verdict that was on its way to the disk while they were written', () => {
    const { findings: told } = found().pipeline;
    const [first] = JSON.parse(JSON.stringify(told.snapshot()));
    told.judge({ finding: first.id, verdict: 'true_positive', time_ms: 1_000 });
    told.replay(first);
    expect(told.find(first.id)).toMatchObject({ status: 'confirmed', verdict: { time_ms: 1_000 } });
  });
});
