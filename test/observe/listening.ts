/** HTTP MCP servers of both SDK majors, as their documentation builds them, watched or not. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { serverV1, serverV2 } from './servers.ts';

/** Wraps a server or a factory, or leaves it alone. */
export type Watch = <T extends object>(target: T) => T;

type Handles = { handleRequest: (...args: Parameters<RequestListener>) => Promise<void> };
interface SessionCallbacks {
  readonly sessionIdGenerator: () => string;
  readonly onsessioninitialized: (id: string) => void;
  readonly onsessionclosed: (id: string) => void;
}

/** Keeps one transport a session. */
export function statefulBy(connect: (callbacks: SessionCallbacks) => Promise<Handles>): RequestListener {
  const sessions = new Map<string, Handles>();
  return async (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known) return void known.handleRequest(request, response);
    const transport = await connect({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => sessions.set(id, transport),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await transport.handleRequest(request, response);
  };
}

export const statefulV1 = (watch: Watch) =>
  statefulBy(async (callbacks) => {
    const transport = new StreamableHTTPServerTransport(callbacks);
    await watch(serverV1()).connect(transport);
    return transport;
  });

export const statefulV2 = (watch: Watch) =>
  statefulBy(async (callbacks) => {
    const transport = new NodeStreamableHTTPServerTransport(callbacks);
    await watch(serverV2()).connect(transport);
    return transport;
  });

export const statelessV1 = (watch: Watch): RequestListener => {
  return async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => void transport.close());
    await watch(serverV1()).connect(transport);
    await transport.handleRequest(request, response);
  };
};

export const handlerV2 = (watch: Watch): RequestListener => {
  const handler = toNodeHandler(createMcpHandler(watch(() => serverV2())));
  return (request, response) => void handler(request, response);
};

export interface Listening extends AsyncDisposable {
  readonly server: Server;
  /** Its MCP endpoint. */
  readonly url: URL;
}

export async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
