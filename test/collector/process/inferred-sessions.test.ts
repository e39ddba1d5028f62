import { describe, expect, test } from 'vitest';
import {
  sessionsActive,
  sessionToolCalls,
  sessionUniqueToolsBaseline,
} from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

/** Conversations that end by silence. */
function converse(
  mcp: Lookout,
  origin: 'transport' | 'explicit' | 'trace' | 'inferred',
  tools: number,
): void {
  const session = { id: `${origin}-${mcp.nowMs}`, origin };
  for (let i = 0; i < tools; i++) mcp.send('tool_call', { session, tool: `tool-${i}` });
  mcp.pass(mcp.config.sessionIdleSeconds + 1);
  mcp.pipeline.tick();
}

describe('the origin of a session', () => {
  test.each([
    ['transport', 'default'],
    ['explicit', 'default'],
    ['trace', 'default (inferred)'],
    ['inferred', 'default (inferred)'],
  ] as const)('%s gives a session without a type the type "%s"', async (origin, type) => {
    const mcp = new Lookout();
    for (let i = 0; i < 2; i++) mcp.send('tool_call', { session: { id: 's', origin } });
    expect(await mcp.gauge(sessionsActive, { session_type: type, client: '_unknown' })).toBe(1);
  });

  test('stays visible behind a type that a rule gives, but not behind one that the event gives', async () => {
    const mcp = new Lookout({ sessionTypeRules: [{ type: 'support', server: 'files' }] });
    for (let i = 0; i < 2; i++) mcp.send('tool_call', { session: { id: 'a', origin: 'trace' } });
    mcp.send('tool_call', { session: { id: 'b', origin: 'trace', type: 'batch' } });
    const labels = (session_type: string) => ({ session_type, client: '_unknown' });
    expect(await mcp.gauge(sessionsActive, labels('support (inferred)'))).toBe(1);
    expect(await mcp.gauge(sessionsActive, labels('batch'))).toBe(1);
  });

  test('of a conversation that has had one call does not make it an active session', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call', { session: { id: 'a', origin: 'trace' } });
    expect(
      await mcp.gauge(sessionsActive, { session_type: 'default (inferred)', client: '_unknown' }),
    ).toBeUndefined();
    mcp.send('tool_call', { session: { id: 'a', origin: 'trace' }, client: { name: 'desk' } });
    expect(await mcp.gauge(sessionsActive, { session_type: 'default (inferred)', client: 'desk' })).toBe(1);
    const { next } = mcp.restarted();
    expect(await next.gauge(sessionsActive, { session_type: 'default (inferred)', client: 'desk' })).toBe(1);
    next.pass(next.config.sessionIdleSeconds + 1);
    next.pipeline.tick();
    expect(await next.gauge(sessionsActive, { session_type: 'default (inferred)', client: 'desk' })).toBe(0);
  });

  test('keeps lone inferred calls out of the figures, and lone calls of real sessions in them', async () => {
    const mcp = new Lookout({ baselineMinimumSessions: 3 });
    for (let i = 0; i < 5; i++) converse(mcp, 'trace', 1);
    for (let i = 0; i < 3; i++) converse(mcp, 'trace', 4);
    for (let i = 0; i < 3; i++) converse(mcp, 'transport', 1);
    expect(await mcp.gauge(sessionUniqueToolsBaseline, { session_type: 'default (inferred)' })).toBe(4);
    expect(await mcp.gauge(sessionUniqueToolsBaseline, { session_type: 'default' })).toBe(1);
    expect(await mcp.value(sessionToolCalls, { session_type: 'default (inferred)' }, '_count')).toBe(3);
  });
});
