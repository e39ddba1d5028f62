import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { behindProxy, everythingServer, filesystemServer, stdioFixture } from './proxied.ts';
import { startReceiver, summary, tally } from './receiver.ts';
import { CLIENT_NAME, workerV1, workerV2, workOut } from './workout.ts';

describe.concurrent('the stdio proxy counts exactly what its client called', () => {
  const plain = (major: string) => [process.execPath, stdioFixture, major];
  const cases = [
    {
      name: 'v1 server, v1 client',
      server: 'v1',
      sessions: 1,
      connect: (to: object) => workerV1(new StdioClientV1(to as never)),
    },
    {
      name: 'v1 server, v2 client',
      server: 'v1',
      sessions: 1,
      connect: (to: object) => workerV2(new StdioClientV2(to as never)),
    },
    {
      name: 'v2 server, v2 client of the stateless revision',
      server: 'v2',
      sessions: 0,
      connect: (to: object) => workerV2(new StdioClientV2(to as never), 'modern'),
    },
  ];

  test.each(cases)('$name', async ({ server, sessions, connect }) => {
    await using receiver = await startReceiver();
    const worker = await connect(behindProxy(receiver.url, plain(server)));
    const expected = await workOut(worker, { timeout: 'slow cancelled unknown -32001' });
    const leftBehind = worker.call('slow', { ms: 10_000 }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expected.push('slow aborted transport');
    await worker.close();
    await leftBehind;
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((call) => call.client?.name))).toEqual(new Set([CLIENT_NAME]));
    expect(new Set(calls.map((call) => call.session?.id)).size).toBe(1);
    expect(receiver.of('tool_list')).toHaveLength(1);
    expect(await receiver.until('session_start', sessions)).toHaveLength(sessions);
    expect(await receiver.until('session_end', sessions)).toHaveLength(sessions);
  });

  test('server-everything, with sampling, elicitation and a task', async () => {
    await using receiver = await startReceiver();
    const client = new Client(
      { name: CLIENT_NAME, version: '1' },
      { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
    );
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: 'assistant',
      model: 'none',
      content: { type: 'text', text: 'sampled' },
    }));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
    await client.connect(
      new StdioClientV1(behindProxy(receiver.url, [process.execPath, everythingServer, 'stdio'])),
    );
    const expected: string[] = [];
    const call = async (outcome: string, name: string, args: Record<string, unknown> = {}) => {
      expected.push(`${name} ${outcome}`);
      await client.callTool({ name, arguments: args });
    };
    const { tools } = await client.listTools();
    await call('ok none', 'echo', { message: 'hi' });
    await call('ok none', 'get-sum', { a: 1, b: 2 });
    await call('tool_error caller', 'get-sum', { a: 'one' });
    await call('ok none', 'get-tiny-image');
    await call('ok none', 'get-structured-content', { location: 'Chicago' });
    await call('ok none', 'trigger-sampling-request', { prompt: 'p', maxTokens: 5 });
    await call('ok none', 'trigger-elicitation-request');
    await call('ok none', 'trigger-long-running-operation', { duration: 0.2, steps: 2 });
    await Promise.all(Array.from({ length: 30 }, (_, i) => call('ok none', 'echo', { message: `${i}` })));
    const taskTool = tools.find(({ name }) => name === 'simulate-research-query');
    expect(taskTool).toBeDefined();
    expected.push('simulate-research-query ok none');
    const statuses: string[] = [];
    for await (const message of client.experimental.tasks.callToolStream({
      name: 'simulate-research-query',
      arguments: { topic: 'owls' },
    })) {
      statuses.push(message.type);
    }
    expect(statuses.at(-1)).toBe('result');
    await client.close();
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((one) => one.server))).toEqual(new Set(['mcp-servers/everything']));
    // The client lists again when the server says that its tools changed after the handshake.
    const listed = (await receiver.until('tool_list', 1)).at(-1)!;
    expect(new Set(listed.tools.map(({ name }) => name))).toEqual(new Set(tools.map(({ name }) => name)));
  });

  test('server-filesystem', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'observe-files-'));
    writeFileSync(join(directory, 'note.txt'), 'remember');
    try {
      await using receiver = await startReceiver();
      const worker = await workerV1(
        new StdioClientV1(behindProxy(receiver.url, [process.execPath, filesystemServer, directory])),
      );
      await worker.listTools();
      await worker.call('read_text_file', { path: join(directory, 'note.txt') });
      await worker.call('read_text_file', { path: '/etc/hostname' });
      await worker.call('list_directory', { path: directory });
      await worker.call('shred', {});
      await worker.close();
      const calls = await receiver.until('tool_call', 4);
      expect(calls.map(summary)).toEqual([
        'read_text_file ok none',
        'read_text_file tool_error tool',
        'list_directory ok none',
        'shred protocol_error caller -32602',
      ]);
      expect(JSON.stringify(receiver.events)).not.toContain('remember');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
