import { describe, expect, test } from 'vitest';
import { collectorIgnored } from '../../../collector/catalogue/collector-metrics.ts';
import type { EventOf } from '../../../collector/catalogue/events.ts';
import { toolCalls } from '../../../collector/catalogue/metrics.ts';
import { Lookout, saved } from './lookout.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
type Call = Partial<Omit<EventOf<'tool_call'>, 'kind'>>;

/** Reports a call as one source saw it. */
function see(mcp: Lookout, source: string, call: Call): void {
  mcp.sourceKind = source;
  mcp.send('tool_call', { trace_id: TRACE, ...call });
}
const bySdk = (mcp: Lookout, call: Call = {}) => see(mcp, 'python_sdk', call);
const byGateway = (mcp: Lookout, call: Call = {}) =>
  see(mcp, 'agentgateway', { server: 'gateway', perspective: 'gateway', ...call });
const byClient = (mcp: Lookout, call: Call = {}) =>
  see(mcp, 'fastmcp', { server: '_unknown', perspective: 'client', ...call });

/** Calls that counted, by server, once all that waits has waited long enough. */
async function counted(mcp: Lookout): Promise<Record<string, number>> {
  mcp.pass(11);
  mcp.pipeline.tick();
  const byServer: Record<string, number> = {};
  for (const { labels, value } of await mcp.samples(toolCalls)) {
    if (value > 0) byServer[labels.server!] = (byServer[labels.server!] ?? 0) + value;
  }
  return byServer;
}
const repeated = (mcp: Lookout) => mcp.value(collectorIgnored, { reason: 'repeated_view' });

describe('a call that several sources saw counts once', () => {
  test('as the server saw it, whoever reports first', async () => {
    for (const order of [
      [bySdk, byGateway, byClient],
      [byClient, byGateway, bySdk],
      [byGateway, bySdk, byClient],
    ]) {
      const mcp = new Lookout();
      for (const see of order) {
        see(mcp);
        mcp.pass(2);
      }
      expect(await counted(mcp)).toEqual({ files: 1 });
      expect(await repeated(mcp)).toBe(2);
    }
  });

  test('as the gateway saw it where the server is silent, and as the client did where both are', async () => {
    const gateway = new Lookout();
    byClient(gateway);
    byGateway(gateway);
    expect(await counted(gateway)).toEqual({ gateway: 1 });
    const client = new Lookout();
    byClient(client);
    expect(await counted(client)).toEqual({ _unknown: 1 });
    expect(await repeated(client)).toBe(0);
  });

  test('also where two libraries of one client each report it', async () => {
    const mcp = new Lookout();
    for (const source of ['fastmcp', 'python_sdk']) {
      see(mcp, source, { server: '_unknown', perspective: 'client' });
    }
    expect(await counted(mcp)).toEqual({ _unknown: 1 });
  });

  test('for each of many calls of one tool in one trace', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 5; i++) {
      byClient(mcp);
      bySdk(mcp);
      byGateway(mcp);
    }
    expect(await counted(mcp)).toEqual({ files: 5 });
  });

  test('also where a gateway puts the name of the server before that of the tool', async () => {
    const mcp = new Lookout();
    byGateway(mcp, { tool: 'files_read' });
    bySdk(mcp, { tool: 'read' });
    expect(await counted(mcp)).toEqual({ files: 1 });
  });

  test('where the server reports only some of the calls, each call still counts once', async () => {
    const mcp = new Lookout();
    byClient(mcp);
    mcp.pass(11);
    mcp.pipeline.tick();
    bySdk(mcp);
    byClient(mcp);
    expect(await counted(mcp)).toEqual({ _unknown: 1, files: 1 });
  });
});

describe('equal tools on two servers', () => {
  const views = (mcp: Lookout, servers: string[]) => {
    for (const server of servers) see(mcp, 'agentgateway', { server, perspective: 'gateway' });
  };

  test.each([[['files', 'mail']], [['mail', 'files']]])(
    'count once each where the gateway names %o and one of them is silent',
    async (servers) => {
      const mcp = new Lookout();
      views(mcp, servers);
      bySdk(mcp, { server: 'files' });
      byClient(mcp);
      byClient(mcp);
      expect(await counted(mcp)).toEqual({ files: 1, mail: 1 });
      expect(await repeated(mcp)).toBe(3);
    },
  );

  test('count once each where the gateway has names of its own for them', async () => {
    const mcp = new Lookout();
    views(mcp, ['gw-mail', 'gw-files']);
    bySdk(mcp, { server: 'files' });
    expect(Object.values(await counted(mcp))).toEqual([1, 1]);
    views(mcp, ['gw-mail', 'gw-files']);
    bySdk(mcp, { server: 'files' });
    bySdk(mcp, { server: 'mail' });
    bySdk(mcp, { server: 'mail' });
    expect(Object.values(await counted(mcp)).reduce((sum, calls) => sum + calls, 0)).toBe(5);
  });
});

describe('calls that are not the same count each', () => {
  test('other tools, other traces, and more calls than the server saw', async () => {
    const mcp = new Lookout();
    bySdk(mcp);
    byClient(mcp);
    byClient(mcp);
    byClient(mcp, { tool: 'write' });
    byClient(mcp, { trace_id: 'f'.repeat(32) });
    expect(await counted(mcp)).toEqual({ files: 1, _unknown: 3 });
  });

  test('a tool whose name only ends like another', async () => {
    const mcp = new Lookout();
    bySdk(mcp, { tool: 'read' });
    byClient(mcp, { tool: 'spread' });
    expect(await counted(mcp)).toEqual({ files: 1, _unknown: 1 });
  });

  test('all that servers report of one trace, since its name is the caller’s choice', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 3; i++) bySdk(mcp, { server: `server-${i}` });
    expect(await counted(mcp)).toEqual({ 'server-0': 1, 'server-1': 1, 'server-2': 1 });
  });

  test.each(['denied', 'blocked', 'auth_denied'] as const)(
    'a call that ended %s at the gateway counts at once, though the tool is called elsewhere',
    async (outcome) => {
      const mcp = new Lookout();
      bySdk(mcp);
      byGateway(mcp, { outcome });
      expect(await mcp.value(toolCalls, { server: 'gateway', outcome })).toBe(1);
    },
  );
});

describe('a view without a trace', () => {
  const untraced = (mcp: Lookout) => byClient(mcp, { server: 'files', trace_id: undefined as never });

  test('counts where nobody better placed reports the tool', async () => {
    const mcp = new Lookout();
    untraced(mcp);
    expect(await counted(mcp)).toEqual({ files: 1 });
  });

  test('gives way while the server reports the tool, and counts again ten minutes after it stopped', async () => {
    const mcp = new Lookout();
    untraced(mcp);
    mcp.pass(5);
    bySdk(mcp);
    untraced(mcp);
    expect(await counted(mcp)).toEqual({ files: 1 });
    mcp.pass(601);
    untraced(mcp);
    expect(await counted(mcp)).toEqual({ files: 2 });
  });
});

describe('views that wait', () => {
  test('do so for ten seconds and no longer', async () => {
    const mcp = new Lookout();
    byClient(mcp);
    mcp.pass(9.9);
    mcp.pipeline.tick();
    expect(await mcp.samples(toolCalls)).toEqual([]);
    const again = new Lookout();
    byClient(again);
    again.pass(10);
    again.pipeline.tick();
    expect(await again.value(toolCalls, { server: '_unknown', outcome: 'ok' })).toBe(1);
  });

  test('wait no longer when the clock steps back by an hour', async () => {
    const mcp = new Lookout();
    byClient(mcp);
    mcp.pass(-3_600);
    mcp.pipeline.tick();
    mcp.pass(10);
    mcp.pipeline.tick();
    expect(await mcp.value(toolCalls, { server: '_unknown', outcome: 'ok' })).toBe(1);
  });

  test('outlive a restart, with what is known of their trace', async () => {
    const mcp = new Lookout();
    bySdk(mcp);
    byClient(mcp);
    byClient(mcp);
    const { next, startedClean } = mcp.restarted();
    expect(startedClean).toEqual([]);
    expect(await counted(next)).toEqual({ files: 1, _unknown: 1 });
  });

  test('hold no payload', () => {
    const mcp = new Lookout();
    byClient(mcp, { result: 'SECRET', error_message: 'SECRET', arguments: { key: 'SECRET' } });
    expect(JSON.stringify(saved(mcp.pipeline))).not.toContain('SECRET');
  });

  test('are at most 20,000: beyond, the oldest are decided early and counted', async () => {
    const mcp = new Lookout();
    for (let i = 0; i < 20_010; i++) byClient(mcp, { trace_id: i.toString(16).padStart(32, '0') });
    mcp.pipeline.tick();
    expect(await mcp.value(toolCalls, { server: '_unknown', outcome: 'ok' })).toBe(10);
  });
});

describe('what is remembered of who reported what', () => {
  test('outlives a restart', async () => {
    const mcp = new Lookout();
    bySdk(mcp);
    const { next } = mcp.restarted();
    byClient(next, { server: 'files', trace_id: undefined as never });
    expect(await counted(next)).toEqual({ files: 1 });
  });

  test('is not pushed out by failing calls of thousands of made-up tools', async () => {
    const mcp = new Lookout();
    bySdk(mcp);
    for (let i = 0; i < 6_000; i++) bySdk(mcp, { tool: `made-up-${i}`, outcome: 'tool_error' });
    byClient(mcp, { server: 'files', trace_id: undefined as never });
    mcp.pass(11);
    mcp.pipeline.tick();
    expect(await repeated(mcp)).toBe(1);
  });

  test('is bounded in the tools of all traces together: many tools in each make the oldest traces go', async () => {
    const mcp = new Lookout();
    const trace = (n: number) => n.toString(16).padStart(32, '0');
    for (let n = 0; n < 1_010; n++) {
      for (let i = 0; i < 100; i++) bySdk(mcp, { trace_id: trace(n), tool: `tool-${i}` });
    }
    // The server's view of the first traces is forgotten, so a gateway's counts; that of the last is known.
    byGateway(mcp, { trace_id: trace(0), tool: 'tool-1' });
    byGateway(mcp, { trace_id: trace(1_009), tool: 'tool-1' });
    expect((await counted(mcp)).gateway).toBe(1);
  });

  test('is bounded: of 100,000 calls of servers the oldest is forgotten for one more, before and after a restart', async () => {
    const trace = (n: number) => ({ trace_id: n.toString(16).padStart(31, '0').padStart(32, 'a') });
    const mcp = new Lookout();
    for (let n = 0; n < 100_001; n++) bySdk(mcp, trace(n));
    const { next } = mcp.restarted();
    for (let n = 100_001; n < 100_003; n++) bySdk(next, trace(n));
    for (const n of [0, 1, 2, 10, 100_002]) byGateway(next, trace(n));
    expect((await counted(next)).gateway).toBe(3);
    expect(await repeated(next)).toBe(2);
  });
});
