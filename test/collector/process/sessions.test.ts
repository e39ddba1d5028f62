import { describe, expect, test } from 'vitest';
import { collectorEvictions, collectorSessionsOpen } from '../../../collector/catalogue/collector-metrics.ts';
import {
  sessionDuration,
  sessionsActive,
  sessionToolCalls,
  sessionUniqueTools,
  sessionUniqueToolsPeak,
  toolCalls,
} from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

const IDLE_SECONDS = 1_800;
const session = { id: 's1' };

describe('a session', () => {
  test('is open from its first event and ends with its own last, observed in all three histograms', async () => {
    const mcp = new Lookout();
    mcp.send('session_start', { session, client: { name: 'agent' } });
    expect(await mcp.gauge(sessionsActive, { session_type: 'default', client: 'agent' })).toBe(1);
    mcp.pass(40);
    mcp.calls('s1', ['read', 'read', 'write']);
    mcp.pass(20);
    mcp.send('session_end', { session, reason: 'client closed' });
    expect(await mcp.gauge(sessionsActive, { client: 'agent' })).toBe(0);
    expect(await mcp.gauge(collectorSessionsOpen)).toBe(0);
    expect(await mcp.value(sessionDuration, {}, '_sum')).toBe(60);
    expect(await mcp.value(sessionToolCalls, {}, '_sum')).toBe(3);
    expect(await mcp.value(sessionUniqueTools, {}, '_sum')).toBe(2);
    expect(mcp.pipeline.sessions.find('s1')?.end).toMatchObject({ how: 'ended', reason: 'client closed' });
  });

  test('ends by silence no later when the clock steps back by an hour', () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['read']);
    mcp.pipeline.tick();
    mcp.pass(-3_600);
    mcp.pipeline.tick();
    mcp.calls('s2', ['read']);
    mcp.pass(IDLE_SECONDS + 1);
    mcp.pipeline.tick();
    expect(mcp.pipeline.sessions.open).toEqual([]);
  });

  test('ends by silence no later when the clock stepped back by an hour while the collector was down', () => {
    const before = new Lookout();
    before.calls('s1', ['read']);
    before.pass(-3_600);
    const { next } = before.restarted();
    next.calls('s2', ['read']);
    next.pipeline.tick();
    next.pass(IDLE_SECONDS + 1);
    next.pipeline.tick();
    expect(next.pipeline.sessions.open).toEqual([]);
  });

  test('ends by silence when no event has arrived for longer than the idle time', async () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['read']);
    mcp.pass(IDLE_SECONDS);
    mcp.pipeline.tick();
    expect(mcp.pipeline.sessions.open).toHaveLength(1);
    mcp.pass(1);
    mcp.pipeline.tick();
    expect(mcp.pipeline.sessions.open).toEqual([]);
    expect(mcp.pipeline.sessions.find('s1')?.end?.how).toBe('idle');
    expect(await mcp.value(sessionDuration, {}, '_count')).toBe(1);
  });

  test('ends by silence in a replay as it did when its events came in, without a clock that ticks', async () => {
    const mcp = new Lookout({ limits: { sessions: 10 } });
    for (let i = 0; i < 50; i++) {
      mcp.calls(`s${i}`, ['read']);
      mcp.pass(IDLE_SECONDS + 1);
    }
    expect(mcp.pipeline.sessions.open).toHaveLength(1);
    expect(await mcp.value(sessionToolCalls, {}, '_count')).toBe(49);
    expect(await mcp.value(collectorEvictions, { table: 'sessions' })).toBe(0);
  });

  test('delivered as one late backlog is split where its own clock shows a gap', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call', { session }, 2 * IDLE_SECONDS + 10);
    mcp.send('tool_call', { session }, 2 * IDLE_SECONDS);
    mcp.send('tool_call', { session }, 0);
    expect(await mcp.value(sessionDuration, {}, '_count')).toBe(1);
    expect(await mcp.value(sessionDuration, {}, '_sum')).toBe(10);
    expect(mcp.pipeline.sessions.open).toHaveLength(1);
  });

  test('has the duration between its first and last event even when they arrive in the wrong order', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call', { session }, 10);
    mcp.send('tool_call', { session }, 60);
    mcp.send('tool_call', { session }, 30);
    mcp.send('session_end', { session }, 5);
    expect(await mcp.value(sessionDuration, {}, '_sum')).toBe(55);
  });

  test('takes no event that is older than its end, which still counts as a call', async () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['read']);
    mcp.pass(10);
    mcp.send('session_end', { session });
    mcp.send('tool_call', { session }, 5);
    expect(mcp.pipeline.sessions.open).toEqual([]);
    expect(mcp.pipeline.sessions.find('s1')).toMatchObject({ calls: 1, lateEvents: 1 });
    expect(await mcp.value(toolCalls, { outcome: 'ok' })).toBe(2);
    expect(await mcp.value(sessionToolCalls, {}, '_sum')).toBe(1);
  });

  test('begins anew when events with its id come after its end', async () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['read']);
    mcp.send('session_end', { session });
    mcp.pass(1);
    mcp.calls('s1', ['write']);
    expect(mcp.pipeline.sessions.open.map(({ calls }) => calls)).toEqual([1]);
  });

  test('is not opened by its end, nor by an event without a session', async () => {
    const mcp = new Lookout();
    mcp.send('session_end', { session });
    mcp.send('tool_call');
    expect(mcp.pipeline.sessions.open).toEqual([]);
    expect(await mcp.samples(sessionDuration, '_count')).toEqual([]);
  });
});

describe('the type of a session', () => {
  const sessionTypeRules = [
    { type: 'billing', server: 'ledger' },
    { type: 'coding', client: 'ide', environment: 'production' },
    { type: 'ide', client: 'ide' },
  ];
  const typeOf = (mcp: Lookout) => mcp.pipeline.sessions.find('s1')?.type;

  test('is what its events say', () => {
    const mcp = new Lookout({ sessionTypeRules });
    mcp.send('tool_call', { server: 'ledger', session: { id: 's1', type: 'support' } });
    expect(typeOf(mcp)).toBe('support');
  });

  test.each([
    ['billing', { server: 'ledger', client: { name: 'ide' } }],
    ['coding', { client: { name: 'ide' }, environment: 'production' }],
    ['ide', { client: { name: 'ide' }, environment: 'staging' }],
    ['default', { client: { name: 'chat' } }],
  ])('is %s by the first rule that matches in full', (type, fields) => {
    const mcp = new Lookout({ sessionTypeRules });
    mcp.send('tool_call', { session, ...fields });
    expect(typeOf(mcp)).toBe(type);
  });

  test('changes from the rule to the word of a later event, and the gauges with it', async () => {
    const mcp = new Lookout({ sessionTypeRules });
    mcp.send('session_start', { session });
    mcp.calls('s1', ['read', 'write'], { session: { id: 's1', type: 'support' }, client: { name: 'chat' } });
    expect(await mcp.gauge(sessionsActive, { session_type: 'support', client: 'chat' })).toBe(1);
    expect(await mcp.gauge(sessionsActive, { session_type: 'default' })).toBe(0);
    expect(await mcp.gauge(sessionUniqueToolsPeak, { session_type: 'support' })).toBe(2);
    expect(await mcp.gauge(sessionUniqueToolsPeak, { session_type: 'default' })).toBeUndefined();
  });

  test('is one of at most 50, and _other beyond', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 60; i++) mcp.send('tool_call', { session: { id: `s${i}`, type: `type-${i}` } });
    const types = (await mcp.samples(sessionsActive)).map(({ labels }) => labels.session_type);
    expect(new Set(types).size).toBe(51);
    expect(await mcp.gauge(sessionsActive, { session_type: '_other' })).toBe(10);
  });
});

describe('the peak of distinct tools', () => {
  const peak = (mcp: Lookout) => mcp.gauge(sessionUniqueToolsPeak, { session_type: 'default' });

  test('is that of the most diverse open session, with tools told apart by server', async () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['a', 'b', 'a']);
    mcp.calls('s2', ['a', 'b', 'c']);
    mcp.send('tool_call', { session: { id: 's2' }, tool: 'a', server: 'mail' });
    expect(await peak(mcp)).toBe(4);
  });

  test('is held for two scrapes and an evaluation of the slow rules after its session ended, then falls to the next', async () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['a', 'b', 'c', 'd']);
    mcp.calls('s2', ['a', 'b']);
    mcp.send('session_end', { session });
    mcp.pass(29.9);
    expect(await peak(mcp)).toBe(4);
    mcp.pass(0.1);
    expect(await peak(mcp)).toBe(2);
    mcp.send('session_end', { session: { id: 's2' } });
    mcp.pass(30);
    expect(await peak(mcp)).toBeUndefined();
  });

  test('counts names that no server has, since trying many is what it is to show', async () => {
    const mcp = new Lookout();
    mcp.calls('s1', ['x', 'y', 'z'], { outcome: 'protocol_error' });
    expect(await peak(mcp)).toBe(3);
  });
});

test('a session ends although whoever is told of it trips, and so do those behind it', () => {
  const mcp = new Lookout();
  mcp.calls('s1', ['read']);
  mcp.calls('s2', ['read']);
  const { sessions } = mcp.pipeline;
  sessions.onClose = () => {
    throw new Error('tripped');
  };
  mcp.pass(3_600);
  for (let session = 0; session < 2; session++) expect(() => mcp.pipeline.tick()).toThrow('tripped');
  mcp.pipeline.tick();
  expect(sessions.open).toEqual([]);
  expect(sessions.ended.map(({ id, end }) => [id, end?.how])).toEqual([
    ['s1', 'idle'],
    ['s2', 'idle'],
  ]);
});

describe('memory for sessions', () => {
  test('is bounded: the one without an event for longest is evicted, counted, and teaches nothing', async () => {
    const mcp = new Lookout({ limits: { sessions: 3 } });
    for (const id of ['s1', 's2', 's3', 's1', 's4']) mcp.calls(id, ['read']);
    expect(mcp.pipeline.sessions.open.map(({ id }) => id)).toEqual(['s3', 's1', 's4']);
    expect(mcp.pipeline.sessions.find('s2')?.end?.how).toBe('evicted');
    expect(await mcp.value(collectorEvictions, { table: 'sessions' })).toBe(1);
    expect(await mcp.gauge(collectorSessionsOpen)).toBe(3);
    expect(await mcp.samples(sessionDuration, '_count')).toEqual([]);
  });

  test('is bounded for the tools of one session, and of all together', async () => {
    const mcp = new Lookout({ limits: { sessions: 2, toolsPerSession: 15 } });
    const tools = Array.from({ length: 30 }, (_, i) => `tool-${i}`);
    mcp.calls('s1', tools);
    mcp.calls('s2', tools);
    const sizes = mcp.pipeline.sessions.open.map(({ tools: used }) => used.size);
    expect(sizes).toEqual([15, 5]);
    expect(mcp.pipeline.sessions.open.map(({ calls }) => calls)).toEqual([30, 30]);
    expect(await mcp.value(collectorEvictions, { table: 'session_tools' })).toBe(40);
  });

  test('is bounded for ended ones, whose tools make room for those of others', () => {
    const mcp = new Lookout({ limits: { sessions: 1_000 } });
    for (let i = 0; i < 5_000; i++) {
      mcp.calls(`s${i}`, ['a', 'b', 'c', 'd']);
      mcp.send('session_end', { session: { id: `s${i}` } });
    }
    expect(mcp.pipeline.sessions.ended).toHaveLength(2_000);
    expect(mcp.pipeline.sessions.find('s4999')?.tools.size).toBe(4);
  });
});
