import { describe, expect, test } from 'vitest';
import { collectorSeriesOverflow } from '../../../collector/catalogue/collector-metrics.ts';
import { outcomes } from '../../../collector/catalogue/labels.ts';
import {
  authFailures,
  dlpBlocks,
  policyDecisions,
  toolCallBytes,
  toolCallDuration,
  toolCalls,
} from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

const toolsSeen = async (mcp: Lookout) =>
  new Set((await mcp.samples(toolCalls)).filter(({ value }) => value > 0).map(({ labels }) => labels.tool));

describe('a tool call', () => {
  test('is counted with its outcome, duration and bytes', async () => {
    const mcp = new Lookout();
    const client = { name: 'agent', version: '1.0' };
    mcp.send('tool_call', { client, duration_ms: 1_500, request_bytes: 100, response_bytes: 2_000 });
    expect(
      await mcp.value(toolCalls, { server: 'files', tool: 'read', client: 'agent', outcome: 'ok' }),
    ).toBe(1);
    expect(await mcp.value(toolCallDuration, { tool: 'read' }, '_sum')).toBe(1.5);
    expect(await mcp.value(toolCallBytes, { direction: 'request' })).toBe(100);
    expect(await mcp.value(toolCallBytes, { direction: 'response' })).toBe(2_000);
  });

  test('without a client counts for _unknown, and without sizes or duration adds none', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call');
    expect(await mcp.value(toolCalls, { client: '_unknown', outcome: 'ok' })).toBe(1);
    expect(await mcp.samples(toolCallDuration, '_count')).toEqual([]);
    expect(await mcp.samples(toolCallBytes)).toEqual([]);
  });

  test.each(outcomes)('that ended %s has a duration only when the tool ran to its end', async (outcome) => {
    const mcp = new Lookout();
    mcp.send('tool_list', { tools: [{ name: 'read' }] });
    mcp.send('tool_call', { outcome, duration_ms: 10 });
    const ran = !['denied', 'blocked', 'auth_denied', 'input_required', 'task'].includes(outcome);
    expect(await mcp.value(toolCallDuration, { tool: 'read' }, '_count')).toBe(ran ? 1 : undefined);
  });

  test('that was denied or blocked counts as a security event only when such an event says so', async () => {
    const mcp = new Lookout();
    for (const outcome of ['denied', 'blocked', 'auth_denied'] as const) mcp.send('tool_call', { outcome });
    for (const metric of [policyDecisions, dlpBlocks, authFailures])
      expect(await mcp.samples(metric)).toEqual([]);
    mcp.send('policy_decision', { decision: 'deny' });
    mcp.send('policy_decision', { decision: 'allow' });
    mcp.send('auth_failure', { reason: 'expired_token' });
    expect(await mcp.value(policyDecisions, { decision: 'deny' })).toBe(1);
    expect(await mcp.value(policyDecisions, { decision: 'allow' })).toBe(1);
    expect(await mcp.value(authFailures, { reason: 'expired_token' })).toBe(1);
    expect(await mcp.value(authFailures, { reason: 'other' })).toBe(0);
  });
});

describe('the name of a tool', () => {
  test('becomes a label once a call to it ended without error, on that server only', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call', { outcome: 'tool_error' });
    mcp.send('tool_call', { outcome: 'ok' });
    mcp.send('tool_call', { outcome: 'tool_error' });
    mcp.send('tool_call', { outcome: 'tool_error', server: 'mail' });
    expect(await mcp.value(toolCalls, { tool: '_unknown', server: 'files', outcome: 'tool_error' })).toBe(1);
    expect(await mcp.value(toolCalls, { tool: 'read', server: 'files', outcome: 'tool_error' })).toBe(1);
    expect(await mcp.value(toolCalls, { tool: '_unknown', server: 'mail', outcome: 'tool_error' })).toBe(1);
  });

  test('becomes a label once the server lists it or the registry approves it', async () => {
    const mcp = new Lookout({ servers: { mail: { owner: 'a', environment: 'b', tools: ['send'] } } });
    mcp.send('tool_list', { tools: [{ name: 'write' }] });
    mcp.send('tool_call', { tool: 'write', outcome: 'server_error' });
    mcp.send('tool_call', { tool: 'send', server: 'mail', outcome: 'denied' });
    expect(await toolsSeen(mcp)).toEqual(new Set(['write', 'send']));
  });

  test('invented 100,000 times by a caller is one series, and takes no room from real tools', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 100_000; i++) {
      mcp.send('tool_call', { tool: `invented-${i}`, outcome: 'protocol_error' });
      mcp.send('policy_decision', { tool: `invented-${i}` });
    }
    mcp.send('tool_call');
    expect(await toolsSeen(mcp)).toEqual(new Set(['_unknown', 'read']));
    expect(await mcp.value(policyDecisions, { decision: 'deny' })).toBe(100_000);
    expect(await mcp.value(collectorSeriesOverflow, { label: 'tool' })).toBe(0);
  });

  test('made up by a server 100,000 times is bounded by the label, and the surplus is counted', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 100_000; i++) mcp.send('tool_call', { tool: `made-up-${i}` });
    expect((await toolsSeen(mcp)).size).toBe(1_001);
    const overflow = (await mcp.value(collectorSeriesOverflow, { label: 'tool' })) as number;
    const unknown = (await mcp.value(toolCalls, { tool: '_unknown', outcome: 'ok' })) as number;
    expect(overflow + unknown).toBe(99_000);
  });

  test('of a DLP block in a response is one the server has', async () => {
    const mcp = new Lookout();
    mcp.send('dlp_block', { tool: 'export', direction: 'response' });
    mcp.send('dlp_block', { tool: 'invented', direction: 'request' });
    expect(await mcp.value(dlpBlocks, { tool: 'export', rule: 'card-number' })).toBe(1);
    expect(await mcp.value(dlpBlocks, { tool: '_unknown', rule: 'card-number' })).toBe(1);
  });
});
