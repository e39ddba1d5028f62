import { describe, expect, test } from 'vitest';
import {
  sessionDuration,
  sessionsActive,
  sessionUniqueToolsPeak,
  toolCalls,
  toolTransitions,
} from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

describe('after a restart', () => {
  test('a session goes on where it was, in its gauges, its flows and its end', async () => {
    const before = new Lookout();
    before.send('session_start', {
      session: { id: 's1', type: 'support' },
      client: { name: 'agent' },
      user: 'ada',
    });
    before.calls('s1', ['read', 'list']);
    const { next, startedClean } = before.restarted();
    expect(startedClean).toEqual([]);
    next.pass(30);
    next.calls('s1', ['send']);
    expect(await next.gauge(sessionsActive, { session_type: 'support', client: 'agent' })).toBe(1);
    expect(await next.gauge(sessionUniqueToolsPeak, { session_type: 'support' })).toBe(3);
    expect(await next.value(toolTransitions, { from: 'files/list', to: 'files/send' })).toBe(1);
    next.send('session_end', { session: { id: 's1' } });
    expect(next.pipeline.sessions.find('s1')).toMatchObject({ calls: 3, user: 'ada' });
    expect(await next.value(sessionDuration, { session_type: 'support' }, '_count')).toBe(1);
  });

  test('an ended session still takes its late events, and its peak is still held', async () => {
    const before = new Lookout();
    before.calls('s1', ['a', 'b', 'c']);
    before.pass(10);
    before.send('session_end', { session: { id: 's1' } });
    const { next } = before.restarted();
    next.send('tool_call', { session: { id: 's1' } }, 5);
    expect(next.pipeline.sessions.find('s1')?.lateEvents).toBe(1);
    expect(next.pipeline.sessions.open).toEqual([]);
    expect(await next.gauge(sessionUniqueToolsPeak)).toBe(3);
  });

  test('a tool that was known is known still, while counters start at zero', async () => {
    const before = new Lookout();
    before.send('tool_call');
    const { next } = before.restarted();
    next.send('tool_call', { outcome: 'tool_error' });
    expect(await next.value(toolCalls, { tool: 'read', outcome: 'tool_error' })).toBe(1);
    expect(await next.value(toolCalls, { tool: 'read', outcome: 'ok' })).toBe(0);
  });

  test('limits that have become smaller hold for what is taken up', () => {
    const before = new Lookout();
    for (let i = 0; i < 10; i++) before.calls(`s${i}`, ['read']);
    const { next } = before.restarted({ limits: { sessions: 4 } });
    expect(next.pipeline.sessions.open.map(({ id }) => id)).toEqual(['s6', 's7', 's8', 's9']);
  });
});

describe('a snapshot of another version', () => {
  const parts = ['sessions', 'baselines', 'findings', 'knownTools', 'capabilities', 'windows', 'views'];

  test('without any part known starts clean, and says which', () => {
    const mcp = new Lookout();
    expect(mcp.pipeline.restore({})).toEqual(parts);
    expect(mcp.pipeline.restore({ sessions: { open: 1 }, baselines: null, windows: [{ key: 1 }] })).toEqual(
      parts,
    );
    mcp.calls('s1', ['read']);
    expect(mcp.pipeline.sessions.open).toHaveLength(1);
  });

  test('costs only the part whose shape has changed', () => {
    const before = new Lookout();
    before.calls('s1', ['read']);
    const snapshot = { ...before.pipeline.snapshot(), sessions: [{ newShape: true }], somethingNew: 1 };
    const next = new Lookout();
    expect(next.pipeline.restore(snapshot)).toEqual(['sessions']);
    expect(next.pipeline.knowsTool('files', 'read')).toBe(true);
  });
});
