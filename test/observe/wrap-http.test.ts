import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPClientTransport as ClientTransportV2 } from '@modelcontextprotocol/client';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { StreamableHTTPClientTransport as ClientTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { flush, type ObserveOptions, observe } from '../../observe/src/index.ts';
import { startReceiver, summary, tally } from './receiver.ts';
import { SERVER_NAME, serverV1, serverV2, tools } from './servers.ts';
import { CLIENT_NAME, type Worker, workerV1, workerV2, workOut } from './workout.ts';

const TIMED_OUT = { timeout: 'slow cancelled unknown -32001' };
const STREAM_CLOSED = { timeout: 'slow cancelled none' };

/** A listener that keeps one transport a session, as the SDKs' own examples do. */
function stateful(
  connect: (options: {
    onsessioninitialized: (id: string) => void;
    onsessionclosed: (id: string) => void;
  }) => Promise<{ handleRequest: (...args: Parameters<RequestListener>) => Promise<void> }>,
): RequestListener {
  const sessions = new Map<
    string,
    { handleRequest: (...args: Parameters<RequestListener>) => Promise<void> }
  >();
  return async (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known) return void known.handleRequest(request, response);
    let id = '';
    const transport = await connect({
      onsessioninitialized: (given) => {
        id = given;
        sessions.set(id, transport);
      },
      onsessionclosed: () => sessions.delete(id),
    });
    await transport.handleRequest(request, response);
  };
}

const statefulV1 = (options: ObserveOptions) =>
  stateful(async (callbacks) => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      ...callbacks,
    });
    await observe(serverV1(), options).connect(transport);
    return transport;
  });

const statefulV2 = (options: ObserveOptions) =>
  stateful(async (callbacks) => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      ...callbacks,
    });
    await observe(serverV2(), options).connect(transport);
    return transport;
  });

const statelessV1 = (options: ObserveOptions): RequestListener => {
  return async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => void transport.close());
    await observe(serverV1(), options).connect(transport);
    await transport.handleRequest(request, response);
  };
};

const handlerV2 = (options: ObserveOptions): RequestListener => {
  const handler = toNodeHandler(createMcpHandler(observe(() => serverV2(), options)));
  return (request, response) => void handler(request as IncomingMessage, response);
};

const v1 = (url: URL) => {
  const transport = new ClientTransportV1(url);
  return { worker: workerV1(transport), leave: () => transport.terminateSession() };
};
const v2 = (era: 'legacy' | 'modern') => (url: URL) => {
  const transport = new ClientTransportV2(url);
  return { worker: workerV2(transport, era), leave: () => transport.terminateSession() };
};

interface Case {
  readonly name: string;
  readonly listener: (options: ObserveOptions) => RequestListener;
  readonly client: (url: URL) => { worker: Promise<Worker>; leave: () => Promise<void> };
  readonly words: { timeout: string };
  /** What a call in flight becomes when its client leaves. */
  readonly left: string;
  readonly sessions: 0 | 1;
  readonly namesClient: boolean;
}

const cases: Case[] = [
  {
    name: 'v1 server with sessions, v1 client',
    listener: statefulV1,
    client: v1,
    words: TIMED_OUT,
    left: 'slow aborted transport',
    sessions: 1,
    namesClient: true,
  },
  {
    name: 'v1 server without sessions, v1 client',
    listener: statelessV1,
    client: v1,
    words: TIMED_OUT,
    left: 'slow aborted transport',
    sessions: 0,
    namesClient: false,
  },
  {
    name: 'v2 server with sessions, v2 client',
    listener: statefulV2,
    client: v2('legacy'),
    words: TIMED_OUT,
    left: 'slow aborted transport',
    sessions: 1,
    namesClient: true,
  },
  {
    name: 'v2 handler, v2 client of the stateless revision',
    listener: handlerV2,
    client: v2('modern'),
    words: STREAM_CLOSED,
    left: 'slow cancelled none',
    sessions: 0,
    namesClient: true,
  },
  {
    name: 'v2 handler, v1 client',
    listener: handlerV2,
    client: v1,
    words: TIMED_OUT,
    left: 'slow aborted transport',
    sessions: 0,
    namesClient: false,
  },
];

describe('a wrapped HTTP server counts exactly what its client called', () => {
  test.each(cases)('$name', async ({ listener, client, words, left, sessions, namesClient }) => {
    await using receiver = await startReceiver();
    const server = createServer(listener({ url: receiver.url }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    const { worker: connecting, leave } = client(url);
    const worker = await connecting;
    const expected = await workOut(worker, words);
    const leftBehind = worker.call('slow', { ms: 3_000 }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expected.push(left);
    await leave().catch(() => undefined);
    await worker.close();
    await leftBehind;
    await new Promise((resolve) => setTimeout(resolve, 80));
    await flush();
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((call) => call.server))).toEqual(new Set([SERVER_NAME]));
    expect(new Set(calls.map((call) => call.client?.name))).toEqual(
      new Set([namesClient ? CLIENT_NAME : undefined]),
    );
    expect(receiver.of('session_start')).toHaveLength(sessions);
    expect(receiver.of('session_end')).toHaveLength(sessions);
    const ids = new Set(
      receiver.events.flatMap((event) => (event.kind === 'tool_list' ? [] : [event.session?.id])),
    );
    expect(ids.size).toBe(1);
    expect(ids.has(undefined)).toBe(sessions === 0);
    const listed = receiver.of('tool_list');
    expect(listed).toHaveLength(1);
    expect(listed[0]?.tools.every(({ name }) => (tools as readonly string[]).includes(name))).toBe(true);
    await new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    });
  });
});
