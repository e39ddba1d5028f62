import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, test, vi } from 'vitest';
import { flush, observe, stats } from '../../observe/src/index.ts';
import { startReceiver, summary } from './receiver.ts';
import { serverV1, serverV2 } from './servers.ts';

const NOWHERE = { url: 'http://127.0.0.1:9' };

async function clientOf(server: { connect(transport: InMemoryTransport): Promise<void> }): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  const client = new Client({ name: 'behaviour', version: '1' });
  await client.connect(near);
  return client;
}

describe('observe', () => {
  test('returns the same server, and looks at it once however often it is called', async () => {
    await using receiver = await startReceiver();
    const server = serverV1();
    expect(observe(server, { url: receiver.url })).toBe(server);
    expect(observe(observe(server, { url: receiver.url }).server, { url: receiver.url })).toBe(server.server);
    expect(Object.keys(server.server)).not.toContain('connect');
    const client = await clientOf(server);
    await client.callTool({ name: 'echo', arguments: { say: 'x' } });
    await flush();
    expect(receiver.of('tool_call').map(summary)).toEqual(['echo ok none']);
    await client.close();
  });

  test('looks at a server that is connected already, and at each of its later connections', async () => {
    await using receiver = await startReceiver();
    const server = serverV1();
    const first = await clientOf(server);
    observe(server, { url: receiver.url });
    await first.callTool({ name: 'echo', arguments: { say: 'x' } });
    await first.close();
    const second = await clientOf(server);
    await second.callTool({ name: 'fails', arguments: {} });
    await second.close();
    await flush();
    expect(receiver.of('tool_call').map(summary)).toEqual(['echo ok none', 'fails tool_error tool']);
    const sessions = receiver.of('tool_call').map((call) => call.session?.id);
    expect(new Set(sessions).size).toBe(2);
  });

  test('gives back what a factory gives, with its this, its arguments and its failures', async () => {
    const server = serverV2();
    const sync = observe(function (this: unknown, ...args: unknown[]) {
      return Object.assign(server, { seen: [this, args] });
    }, NOWHERE);
    expect(sync.call('me', 1, 2)).toBe(server);
    expect((server as McpServer & { seen: unknown }).seen).toEqual(['me', [1, 2]]);
    expect(await observe(async () => server, NOWHERE)()).toBe(server);
    await expect(observe(() => Promise.reject(new Error('mine')), NOWHERE)()).rejects.toThrow('mine');
    expect(() =>
      observe(() => {
        throw new Error('mine');
      }, NOWHERE)(),
    ).toThrow('mine');
  });

  test('leaves alone what is no server, and warns of options it cannot use, without failing', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const frozen = Object.freeze({ connect: () => 'connected' });
    for (const target of [{}, { connect: 7 }, frozen, Object.create(null), () => null, () => undefined]) {
      const seen = observe(target, NOWHERE);
      if (typeof target === 'function') expect((seen as () => unknown)()).toBe(target());
      else expect(seen).toBe(target);
    }
    expect(frozen.connect()).toBe('connected');
    const server = serverV1();
    expect(observe(server, { url: 'no url' })).toBe(server);
    expect(warned.mock.calls[0]?.[0]).toBe(
      'MCP_LOOKOUT_URL (url) is no URL; give it as http://127.0.0.1:4318. Nothing is observed.',
    );
    warned.mockRestore();
    await (await clientOf(server)).close();
  });

  test('lets a second connect fail as it would alone', async () => {
    const server = observe(serverV1(), NOWHERE);
    const client = await clientOf(server);
    await expect(server.connect(InMemoryTransport.createLinkedPair()[0])).rejects.toThrow(
      /Already connected/,
    );
    await client.close();
  });

  test('passes on messages that no code of its own can read, and counts them', async () => {
    const server = observe(serverV1(), NOWHERE);
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    const received: unknown[] = [];
    near.onmessage = (message) => received.push(message);
    await near.start();
    const before = stats().unobserved;
    const hostile = { jsonrpc: '2.0', id: 5, method: 'tools/call' };
    Object.defineProperty(hostile, 'params', {
      enumerable: true,
      get() {
        throw new Error('not for you');
      },
    });
    expect(() => far.onmessage?.(hostile as never)).toThrow('not for you');
    expect(stats().unobserved).toBe(before + 1);
    far.onmessage?.({ jsonrpc: '2.0', id: 6, method: 'ping' });
    await vi.waitFor(() => expect(received).toContainEqual({ jsonrpc: '2.0', id: 6, result: {} }));
    await near.close();
  });

  test('writes nothing to stdout', async () => {
    const written = vi.spyOn(process.stdout, 'write');
    const client = await clientOf(observe(serverV1(), NOWHERE));
    await client.listTools();
    await client.callTool({ name: 'echo', arguments: { say: 'x' } });
    await flush(200);
    await client.close();
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
  });
});

describe('payloads', () => {
  const secret = `Bearer ${'x'.repeat(30)}`;

  async function callWith(options: object, say: string) {
    await using receiver = await startReceiver();
    const client = await clientOf(observe(serverV1(), { url: receiver.url, ...options }));
    await client.callTool({ name: 'echo', arguments: { say, password: 'hunter2' } });
    await client.callTool({ name: 'fails', arguments: {} });
    await flush();
    await client.close();
    return receiver.of('tool_call');
  }

  test('stay here unless they are asked for, with their sizes known all the same', async () => {
    const [echo, fails] = await callWith({}, 'the plan');
    expect(JSON.stringify([echo, fails])).not.toMatch(/the plan|hunter2|backend/);
    expect(echo?.request_bytes).toBe(JSON.stringify({ say: 'the plan', password: 'hunter2' }).length);
    expect(echo?.response_bytes).toBe(
      JSON.stringify({ content: [{ type: 'text', text: 'the plan' }] }).length,
    );
  });

  test('are sent on request, without secrets', async () => {
    const [echo] = await callWith({ payloads: true }, `use ${secret} now`);
    expect(echo?.arguments).toEqual({ say: 'use [redacted] now', password: '[redacted]' });
    expect(echo?.result).toEqual({ content: [{ type: 'text', text: 'use [redacted] now' }] });
  });

  test('pass through the function that is given, which may hold them back', async () => {
    const payloads = (value: unknown, { direction }: { direction: string }) =>
      direction === 'request' ? { kept: Object.keys(value as object) } : undefined;
    const [echo] = await callWith({ payloads }, 'x');
    expect(echo?.arguments).toEqual({ kept: ['say', 'password'] });
    expect(echo).not.toHaveProperty('result');
    const [failing] = await callWith(
      {
        payloads: () => {
          throw new Error('no');
        },
      },
      'x',
    );
    expect(failing).not.toHaveProperty('arguments');
  });

  test('above 64 KiB are left out', async () => {
    const [echo] = await callWith({ payloads: true }, 'x'.repeat(70_000));
    expect(echo).not.toHaveProperty('arguments');
    expect(echo?.request_bytes).toBeGreaterThan(70_000);
  });
});
