/**
 * Stands before an MCP server on Streamable HTTP. Each client's connection gets one of its own to the server, and the
 * bytes pass from one to the other; a copy of what passes on the MCP path is read beside them.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { HttpConnection } from './http-connection.ts';
import { Sessions } from './http-exchange.ts';
import { Observer } from './observer.ts';
import type { Settings } from './settings.ts';

export interface HttpProxyOptions {
  readonly upstream: URL;
  readonly host: string;
  readonly port: number;
  /** Sends the upstream's own name as `Host`, which virtual hosts need and rebinding guards of local servers refuse. */
  readonly upstreamHost: boolean;
}

export interface HttpProxy {
  readonly url: string;
  readonly observer: Observer;
  /** Closes all connections and sends the last events. */
  close(): Promise<void>;
}

/** Finds clients that vanished without a word. */
const PROBE_CLIENT_MS = 60_000;
/** A server is rid of a connection that it closed; a client that does not close its side must not hold one here. */
const LINGER_MS = 10_000;
const FLUSH_WITHIN_MS = 2_000;

/** Listens, then resolves. Rejects when the address cannot be used. */
export async function startHttpProxy(options: HttpProxyOptions, settings: Settings): Promise<HttpProxy> {
  const { upstream } = options;
  const observer = new Observer(settings, upstream.host);
  const shared = {
    observer,
    sessions: new Sessions(observer),
    path: upstream.pathname,
    rewritten: rewrittenHeaders(options),
  };
  const clients = new Set<Socket>();
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_CLIENT_MS },
    (client) => {
      clients.add(client);
      client.on('close', () => clients.delete(client));
      join(client, connectTo(upstream), new HttpConnection(shared, client.remoteAddress));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}${upstream.pathname}`,
    observer,
    close: async () => {
      server.close();
      for (const client of clients) client.destroy();
      await observer.end(FLUSH_WITHIN_MS);
    },
  };
}

function rewrittenHeaders({ upstream, upstreamHost }: HttpProxyOptions): ReadonlyMap<string, string> {
  // Compressed answers would have to be unpacked to be read.
  const headers = new Map([['accept-encoding', 'identity']]);
  if (upstreamHost) headers.set('host', upstream.host);
  return headers;
}

function connectTo({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'https:';
  const to = { host, port: Number(port || (secure ? 443 : 80)), noDelay: true, allowHalfOpen: true };
  if (!secure) return connect(to);
  return connectSecurely({ ...to, servername: host, ALPNProtocols: ['http/1.1'] });
}

/** Joins both sockets. Forwarding comes first, looking after: the copy must not delay what it is of. */
function join(client: Socket, upstream: Socket, seen: HttpConnection): void {
  let failure: NodeJS.ErrnoException | undefined;
  const unreachable = () => {
    if (failure === undefined || !seen.hasRequest) return;
    const body = `The MCP server cannot be reached (${failure.code ?? 'unknown error'}).\n`;
    const head = `HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close`;
    client.end(`${head}\r\n\r\n${body}`);
    seen.over();
  };
  let connected = false;
  upstream.once('encrypted' in upstream ? 'secureConnect' : 'connect', () => {
    connected = true;
  });
  upstream.on('error', (error) => {
    if (connected) return;
    failure = error;
    unreachable();
  });
  // Errors of sockets are followed by their closing.
  client.on('error', () => {});

  client.on('data', (chunk: Buffer) => {
    const passed = seen.fromClient(chunk);
    if (failure === undefined) write(passed, client, upstream);
    seen.look();
    unreachable();
  });
  upstream.on('data', (chunk: Buffer) => {
    write(chunk, upstream, client);
    seen.fromServer(chunk);
  });
  client.on('end', () => {
    seen.clientEnded();
    upstream.end();
  });
  upstream.on('end', () => {
    seen.serverEnded();
    // Not before a slow reader has taken it all.
    client.end(() => client.setTimeout(LINGER_MS, () => client.destroy()));
  });
  client.on('close', () => {
    seen.clientEnded();
    seen.over();
    upstream.destroy();
  });
  upstream.on('close', (broken) => {
    if (failure !== undefined) return;
    seen.over();
    if (broken) client.destroy();
    else client.destroySoon();
  });
}

/** Writes at the pace of the reader. */
function write(chunk: Buffer, from: Socket, to: Socket): void {
  if (chunk.length === 0 || to.write(chunk)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
