import { describe, expect, test } from 'vitest';
import { crossToolBytes, toolTransitions } from '../../../collector/catalogue/metrics.ts';
import { Lookout } from './lookout.ts';

type Call = readonly [tool: string, request?: number, response?: number];

function session(calls: readonly Call[], id = 's1', mcp = new Lookout()): Lookout {
  for (const [tool, request_bytes, response_bytes] of calls) {
    mcp.send('tool_call', {
      session: { id },
      tool,
      ...(request_bytes !== undefined && { request_bytes }),
      ...(response_bytes !== undefined && { response_bytes }),
    });
  }
  return mcp;
}

async function edges(mcp: Lookout, metric: typeof crossToolBytes | typeof toolTransitions) {
  const samples = await mcp.samples(metric);
  return Object.fromEntries(samples.map(({ labels, value }) => [`${labels.from} > ${labels.to}`, value]));
}

describe('bytes between tools', () => {
  test('are the smaller of what one returned and what a later one was sent', async () => {
    const mcp = session([
      ['read', 10, 5_000],
      ['send', 800, 20],
    ]);
    expect(await edges(mcp, crossToolBytes)).toEqual({ 'files/read > files/send': 800 });
    const small = session([
      ['read', 10, 300],
      ['send', 800, 20],
    ]);
    expect(await edges(small, crossToolBytes)).toEqual({ 'files/read > files/send': 300 });
  });

  test('are seen past a call in between', async () => {
    const mcp = session([
      ['read', 0, 5_000],
      ['list', 0, 50],
      ['send', 800, 0],
    ]);
    expect(await edges(mcp, crossToolBytes)).toEqual({
      'files/read > files/send': 800,
      'files/list > files/send': 50,
    });
  });

  test('count the latest call of a tool, and nothing from a tool to itself', async () => {
    const mcp = session([
      ['read', 0, 5_000],
      ['read', 10, 100],
      ['send', 800, 0],
    ]);
    expect(await edges(mcp, crossToolBytes)).toEqual({ 'files/read > files/send': 100 });
  });

  test('reach back eight calls', async () => {
    const between = (count: number): Call[] => Array.from({ length: count }, () => ['noop'] as const);
    expect(await edges(session([['read', 0, 500], ...between(7), ['send', 500]]), crossToolBytes)).toEqual({
      'files/read > files/send': 500,
    });
    expect(await edges(session([['read', 0, 500], ...between(8), ['send', 500]]), crossToolBytes)).toEqual(
      {},
    );
  });

  test('do not cross sessions, and are none where a size is not known', async () => {
    const mcp = session([['read', 0, 500]]);
    session([['send', 500]], 's2', mcp);
    session([['send']], 's1', mcp);
    expect(await edges(mcp, crossToolBytes)).toEqual({});
  });
});

describe('transitions', () => {
  test('lead from the start through each call to the next, the same tool included', async () => {
    const mcp = session([['read'], ['read'], ['send']]);
    expect(await edges(mcp, toolTransitions)).toEqual({
      '_start > files/read': 1,
      'files/read > files/read': 1,
      'files/read > files/send': 1,
    });
  });

  test('name servers, and no tool that only a caller named', async () => {
    const mcp = session([['read']]);
    mcp.send('tool_call', {
      session: { id: 's1' },
      server: 'mail',
      tool: 'invented',
      outcome: 'protocol_error',
    });
    expect(await edges(mcp, toolTransitions)).toEqual({
      '_start > files/read': 1,
      'files/read > mail/_unknown': 1,
    });
  });
});
