/** The HTTP proxy in this process, before a server, and requests as a client writes them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startHttpProxy } from '../../observe/src/http-proxy.ts';
import { resolveSettings } from '../../observe/src/settings.ts';

/** Nothing listens there. */
export const NOWHERE = 'http://127.0.0.1:9';

export async function proxyTo(upstream: URL, collector = NOWHERE, upstreamHost = false) {
  const proxy = await startHttpProxy(
    { upstream, host: '127.0.0.1', port: 0, upstreamHost },
    resolveSettings({ url: collector }, {}),
  );
  return {
    url: new URL(proxy.url),
    /** Sends what was seen so far. */
    flush: () => proxy.observer.exporter.flush(2_000),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

export const toolCall = (id: number, name: string) =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } });

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
