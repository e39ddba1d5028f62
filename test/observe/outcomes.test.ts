import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { InMemoryTransport, ProtocolError, Server as ServerV2 } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { flush, observe } from '../../observe/src/index.ts';
import { startReceiver, summary } from './receiver.ts';

const info = { name: 'codes', version: '1' };
const capabilities = { tools: {} };

/** What a handler throws, and what the call must count as. */
const errors: [number, string][] = [
  [-32700, 'protocol_error caller -32700'],
  [-32600, 'protocol_error caller -32600'],
  [-32601, 'protocol_error caller -32601'],
  [-32602, 'protocol_error caller -32602'],
  [-32603, 'server_error server -32603'],
  [-32002, 'protocol_error caller -32002'],
  [-32020, 'protocol_error caller -32020'],
  [-32042, 'input_required none -32042'],
  [-32000, 'server_error unknown -32000'],
  [-32003, 'server_error unknown -32003'],
  [-32099, 'server_error unknown -32099'],
  [1, 'server_error unknown 1'],
];

async function callBoth(receiverUrl: string, code: number, major: 'v1' | 'v2'): Promise<void> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  if (major === 'v1') {
    const server = new ServerV1(info, { capabilities });
    server.setRequestHandler(CallToolRequestSchema, () => {
      throw new McpError(code, 'no');
    });
    await observe(server, { url: receiverUrl }).connect(far as never);
  } else {
    const server = new ServerV2(info, { capabilities });
    server.setRequestHandler('tools/call', () => {
      throw new ProtocolError(code, 'no');
    });
    await observe(server, { url: receiverUrl }).connect(far);
  }
  const client = major === 'v1' ? new ClientV1(info) : new ClientV2(info);
  await client.connect(near as never);
  await expect(client.callTool({ name: 'thrower', arguments: {} })).rejects.toMatchObject({ code });
  await client.close();
}

describe.each(['v1', 'v2'] as const)('an error thrown by a handler of a %s server', (major) => {
  // SDK v2 never sends the code that the stateless revision took back.
  test.each(errors.filter(([code]) => major === 'v1' || code !== -32002))('%d', async (code, expected) => {
    await using receiver = await startReceiver();
    await callBoth(receiver.url, code, major);
    await flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual([`thrower ${expected}`]);
    expect(JSON.stringify(receiver.events)).not.toContain('"no"');
  });
});
