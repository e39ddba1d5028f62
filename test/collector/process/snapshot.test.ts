import { describe, expect, test } from 'vitest';
import {
  sessionDuration,
  sessionsActive,
  sessionUniqueToolsPeak,
  toolCallDuration,
  toolCalls,
  toolTransitions,
} from '../../../collector/catalogue/metrics.ts';
import { sampleValue } from '../exposition.ts';
import { Lookout, saved } from './lookout.ts';

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

  test('a tool that was known is known still, while counters that were scraped start at zero', async () => {
    const before = new Lookout();
    before.send('tool_call');
    for (let i = 0; i < 3; i++) await before.settled();
    const { next } = before.restarted();
    next.send('tool_call', { outcome: 'tool_error' });
    expect(await next.value(toolCalls, { tool: 'read', outcome: 'tool_error' })).toBe(1);
    expect(await next.value(toolCalls, { tool: 'read', outcome: 'ok' })).toBe(0);
  });

  test('a call that no scrape has seen still counts, from a zero that scrapes see first', async () => {
    const before = new Lookout();
    before.send('tool_call', { duration_ms: 30 });
    const { next } = before.restarted();
    expect(sampleValue(await next.scrape(), toolCalls, { tool: 'read', outcome: 'ok' })).toBe(0);
    expect(await next.value(toolCalls, { tool: 'read', outcome: 'ok' })).toBe(1);
    expect(await next.value(toolCallDuration, { le: '0.05' }, '_bucket')).toBe(1);
    expect(await next.value(toolCallDuration, { le: '0.02' }, '_bucket')).toBe(0);
    expect(await next.value(toolCallDuration, {}, '_sum')).toBe(0.03);
  });

  test('a counter that grew since the last scrape goes on from where it was, over several restarts', async () => {
    let mcp = new Lookout();
    for (let i = 0; i < 5; i++) mcp.send('tool_call');
    for (let i = 0; i < 3; i++) await mcp.settled();
    for (let restart = 0; restart < 3; restart++) {
      mcp.send('tool_call');
      mcp = mcp.restarted().next;
      expect(sampleValue(await mcp.scrape(), toolCalls, { tool: 'read', outcome: 'ok' })).toBe(6 + restart);
    }
  });

  test('a call that one of two scrapers has seen is kept for the other', async () => {
    const before = new Lookout();
    before.send('tool_call');
    for (let i = 0; i < 3; i++) await before.settled();
    before.send('tool_call');
    await before.scrape();
    expect(sampleValue(await before.restarted().next.scrape(), toolCalls, { outcome: 'ok' })).toBe(2);
  });

  test('counts of metrics, labels and buckets that are no more are left out', async () => {
    const next = new Lookout();
    const counts = [
      { metric: 'mcp_gone_total', open: [], held: false, series: [] },
      { metric: toolCalls.name, open: ['files'], held: false, series: [] },
      {
        metric: toolCallDuration.name,
        open: ['files', 'read'],
        held: false,
        series: [{ closed: '', value: 3, buckets: [3] }],
      },
      {
        metric: toolCalls.name,
        open: ['files', 'read', 'desk'],
        held: false,
        series: [
          { closed: 'gone', value: 3, buckets: [] },
          { closed: 'ok', value: 2, buckets: [] },
        ],
      },
    ];
    next.pipeline.restore({ counts });
    expect(await next.value(toolCalls, { outcome: 'ok' })).toBe(2);
    expect(await next.value(toolCallDuration, {}, '_count')).toBe(0);
  });

  test('limits that have become smaller hold for what is taken up', () => {
    const before = new Lookout();
    for (let i = 0; i < 10; i++) before.calls(`s${i}`, ['read']);
    const { next } = before.restarted({ limits: { sessions: 4 } });
    expect(next.pipeline.sessions.open.map(({ id }) => id)).toEqual(['s6', 's7', 's8', 's9']);
  });
});

describe('a snapshot of another version', () => {
  const parts = [
    'counts',
    'sessions',
    'baselines',
    'findings',
    'detection',
    'knownTools',
    'capabilities',
    'windows',
    'views',
  ];

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
    const snapshot = { ...saved(before.pipeline), sessions: [{ newShape: true }], somethingNew: 1 };
    const next = new Lookout();
    expect(next.pipeline.restore(snapshot)).toEqual(['sessions']);
    expect(next.pipeline.knowsTool('files', 'read')).toBe(true);
  });
});
