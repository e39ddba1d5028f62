/** Servers of both SDK majors with the same tools, which end calls in every way a tool can. */

import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { z } from 'zod';

export const SERVER_NAME = 'workshop';
export const tools = ['echo', 'fails', 'picky', 'slow', 'asks'] as const;

const info = { name: SERVER_NAME, version: '1.0.0' };
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

/** Ends early when the call is cancelled, so that no timer outlives a test. */
const until = (signal: AbortSignal, ms: number) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

export function serverV1(): McpServerV1 {
  const server = new McpServerV1(info);
  server.registerTool(
    'echo',
    { description: 'Says it again', inputSchema: { say: z.string() }, annotations: { readOnlyHint: true } },
    ({ say }) => text(say),
  );
  server.registerTool('fails', {}, () => {
    throw new Error('the backend is down');
  });
  server.registerTool('picky', { inputSchema: { count: z.number() } }, ({ count }) => text(String(count)));
  server.registerTool('slow', { inputSchema: { ms: z.number() } }, async ({ ms }, extra) => {
    await until(extra.signal, ms);
    return text('done');
  });
  server.registerTool('asks', {}, async () => {
    const answer = await server.server.elicitInput({
      message: 'Sure?',
      requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } } },
    });
    return text(answer.action);
  });
  return server;
}

export function serverV2(): McpServerV2 {
  const server = new McpServerV2(info);
  server.registerTool(
    'echo',
    {
      description: 'Says it again',
      inputSchema: z.object({ say: z.string() }),
      annotations: { readOnlyHint: true },
    },
    ({ say }) => text(say),
  );
  server.registerTool('fails', {}, () => {
    throw new Error('the backend is down');
  });
  server.registerTool('picky', { inputSchema: z.object({ count: z.number() }) }, ({ count }) =>
    text(String(count)),
  );
  server.registerTool('slow', { inputSchema: z.object({ ms: z.number() }) }, async ({ ms }, context) => {
    await until(context.mcpReq.signal, ms);
    return text('done');
  });
  return server;
}
