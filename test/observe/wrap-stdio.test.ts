import { join } from 'node:path';
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as StdioClientV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, test } from 'vitest';
import { startReceiver, summary, tally } from './receiver.ts';
import { CLIENT_NAME, workerV1, workerV2, workOut } from './workout.ts';

const fixture = join(import.meta.dirname, 'fixtures/stdio-server.ts');

const spawned = (major: string, url: string) => ({
  command: process.execPath,
  args: [fixture, major, 'wrapped'],
  env: { PATH: process.env.PATH ?? '', MCP_LOOKOUT_URL: url, MCP_LOOKOUT_SESSION_TYPE: 'research' },
  stderr: 'inherit' as const,
});

const cases = [
  {
    name: 'v1 server, v1 client',
    connect: (url: string) => workerV1(new StdioClientV1(spawned('v1', url))),
    sessions: 1,
  },
  {
    name: 'v1 server, v2 client',
    connect: (url: string) => workerV2(new StdioClientV2(spawned('v1', url))),
    sessions: 1,
  },
  {
    name: 'v2 server, v2 client of the legacy revisions',
    connect: (url: string) => workerV2(new StdioClientV2(spawned('v2', url))),
    sessions: 1,
  },
  {
    name: 'v2 server, v2 client of the stateless revision',
    connect: (url: string) => workerV2(new StdioClientV2(spawned('v2', url)), 'modern'),
    sessions: 0,
  },
];

describe('a wrapped stdio server counts exactly what its client called', () => {
  test.concurrent.each(cases)('$name', async ({ connect, sessions }) => {
    await using receiver = await startReceiver();
    const worker = await connect(receiver.url);
    const expected = await workOut(worker, { timeout: 'slow cancelled unknown -32001' });
    const leftBehind = worker.call('slow', { ms: 10_000 }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expected.push('slow aborted transport');
    await worker.close();
    await leftBehind;
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((call) => call.client?.name))).toEqual(new Set([CLIENT_NAME]));
    expect(receiver.of('tool_list')).toHaveLength(1);
    expect(await receiver.until('session_start', sessions)).toHaveLength(sessions);
    expect(await receiver.until('session_end', sessions)).toHaveLength(sessions);
    const seen = new Set(calls.map((call) => JSON.stringify(call.session?.type)));
    expect(seen).toEqual(new Set([sessions === 0 ? undefined : '"research"']));
    expect(new Set(calls.map((call) => call.session?.id)).size).toBe(1);
  });
});
