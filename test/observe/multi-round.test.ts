import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { acceptedContent, createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { flush, observe } from '../../observe/src/index.ts';
import { proxyTo } from './http-proxied.ts';
import { listen } from './listening.ts';
import { type Receiver, startReceiver, summary, tally } from './receiver.ts';

const answer = z.object({ sure: z.boolean() });
const THINKING_MS = 120;

/** A server whose tool asks twice before it answers, with or without a state to echo. */
function askingServer(withState: boolean): McpServer {
  const server = new McpServer({ name: 'asking', version: '1' });
  server.registerTool('deploy', { inputSchema: z.object({ to: z.string() }) }, ({ to }, context) => {
    const { inputResponses } = context.mcpReq;
    const round = acceptedContent(inputResponses, 'second', answer)
      ? 3
      : acceptedContent(inputResponses, 'first', answer)
        ? 2
        : 1;
    if (round === 3) return { content: [{ type: 'text', text: 'deployed' }] };
    const key = round === 1 ? 'first' : 'second';
    return inputRequired({
      inputRequests: {
        [key]: inputRequired.elicit({ message: `Deploy to ${to}?`, requestedSchema: answer }),
      },
      ...(withState && { requestState: `${to} round ${round}` }),
    });
  });
  return server;
}

async function deploy(url: URL, to: readonly string[]): Promise<void> {
  const client = new Client(
    { name: 'deployer', version: '1' },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', async () => {
    await new Promise((resolve) => setTimeout(resolve, THINKING_MS));
    return { action: 'accept', content: { sure: true } };
  });
  await client.connect(new StreamableHTTPClientTransport(url));
  await Promise.all(to.map((place) => client.callTool({ name: 'deploy', arguments: { to: place } })));
  await client.close();
}

function expectOneCallEach(receiver: Receiver, count: number): void {
  const calls = receiver.of('tool_call');
  expect(tally(calls.map(summary))).toEqual({ 'deploy ok none': count });
  for (const call of calls) expect(call.duration_ms).toBeGreaterThanOrEqual(2 * THINKING_MS - 5);
  expect(new Set(calls.map((call) => call.session))).toEqual(new Set([undefined]));
}

describe('a call that needs several requests is one call with its true duration', () => {
  test.each([
    ['by the state that its client echoes', true],
    ['by what was asked and answered', false],
  ])('%s', async (_name, withState) => {
    await using inside = await startReceiver();
    await using before = await startReceiver();
    const handler = toNodeHandler(
      createMcpHandler(observe(() => askingServer(withState), { url: inside.url })),
    );
    await using server = await listen((request, response) => void handler(request, response));
    await using proxy = await proxyTo(server.url, before.url);
    await deploy(proxy.url, ['staging', 'production', 'edge']);
    await flush();
    await proxy.flush();
    expectOneCallEach(inside, 3);
    expectOneCallEach(before, 3);
  });

  test('but two that cannot be told apart are not linked by a guess', async () => {
    await using receiver = await startReceiver();
    const handler = toNodeHandler(
      createMcpHandler(observe(() => askingServer(false), { url: receiver.url })),
    );
    await using server = await listen((request, response) => void handler(request, response));
    await deploy(server.url, ['here', 'here']);
    await flush();
    const outcomes = tally(receiver.of('tool_call').map((call) => call.outcome));
    expect(outcomes.ok).toBe(2);
    expect(outcomes.input_required).toBeGreaterThanOrEqual(2);
  });
});
