import { describe, expect, test } from 'vitest';
import { capabilities } from '../../../collector/catalogue/labels.ts';
import { sourceCapability } from '../../../collector/catalogue/metrics.ts';
import { samplesFor } from '../exposition.ts';
import { Lookout } from './lookout.ts';

const seenBy = async (mcp: Lookout, source = 'native') =>
  samplesFor(await mcp.scrape(), sourceCapability)
    .filter(({ labels, value }) => labels.source === source && value === 1)
    .map(({ labels }) => labels.sees);

describe('what a source can show', () => {
  test('is 0 for everything else from its first event on, and absent before', async () => {
    const mcp = new Lookout();
    expect(samplesFor(await mcp.scrape(), sourceCapability)).toEqual([]);
    mcp.send('tool_call');
    expect(samplesFor(await mcp.scrape(), sourceCapability)).toHaveLength(capabilities.length);
    expect(await seenBy(mcp)).toEqual(['tool_calls']);
  });

  test('is everything once each has been seen once', async () => {
    const mcp = new Lookout();
    mcp.send('tool_call', {
      session: { id: 's1' },
      client: { name: 'agent' },
      user: 'ada',
      request_bytes: 1,
      arguments: {},
      outcome: 'tool_error',
    });
    for (const kind of ['policy_decision', 'dlp_block', 'auth_failure', 'tool_list'] as const) mcp.send(kind);
    expect((await seenBy(mcp)).toSorted()).toEqual(capabilities.toSorted());
  });

  test('is kept apart for each kind of source, also over a restart', async () => {
    const before = new Lookout();
    before.send('dlp_block');
    before.sourceKind = 'gateway';
    before.send('auth_failure');
    const { next } = before.restarted();
    expect(await seenBy(next)).toEqual(['dlp_blocks']);
    expect(await seenBy(next, 'gateway')).toEqual(['auth_failures']);
  });

  test('is bounded for invented sources', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 1_000; i++) {
      mcp.sourceKind = `source-${i}`;
      mcp.send('tool_call');
    }
    expect(samplesFor(await mcp.scrape(), sourceCapability)).toHaveLength(51 * capabilities.length);
  });
});
