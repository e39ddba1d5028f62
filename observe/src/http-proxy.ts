/**
 * Stands before an MCP server on Streamable HTTP. Requests and answers stream through unchanged, event streams
 * included; whatever one side closes is closed on the other. A copy of what passes the MCP path is read beside it.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { plainAddress } from './auth-failure.ts';
import { HttpExchange, Sessions } from './http-exchange.ts';
import { text } from './json.ts';
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

/** Servers close idle connections after 5 seconds or more, and one closed under a request costs that request. */
const IDLE_UPSTREAM_MS = 2_500;
const IDLE_DOWNSTREAM_MS = 65_000;
const FLUSH_WITHIN_MS = 2_000;

/** Headers that concern one connection, not the message (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Listens, then resolves. Rejects when the address cannot be used. */
export async function startHttpProxy(options: HttpProxyOptions, settings: Settings): Promise<HttpProxy> {
  const observer = new Observer(settings, options.upstream.host);
  const sessions = new Sessions(observer);
  const secure = options.upstream.protocol === 'https:';
  const agent = new (secure ? https : http).Agent({ keepAlive: true, timeout: IDLE_UPSTREAM_MS });
  const proxy = { ...options, observer, sessions, agent, request: secure ? https.request : http.request };
  const server = http.createServer(
    { keepAliveTimeout: IDLE_DOWNSTREAM_MS, requestTimeout: 0 },
    (request, response) => forward(proxy, request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}${options.upstream.pathname}`,
    observer,
    close: async () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await observer.end(FLUSH_WITHIN_MS);
    },
  };
}

interface Proxy extends HttpProxyOptions {
  readonly observer: Observer;
  readonly sessions: Sessions;
  readonly agent: http.Agent;
  readonly request: typeof http.request;
}

function forward(proxy: Proxy, request: IncomingMessage, response: ServerResponse): void {
  const tap = tapOf(proxy, request);
  const upstream = proxy.request({
    protocol: proxy.upstream.protocol,
    hostname: proxy.upstream.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.upstream.port,
    method: request.method,
    path: request.url,
    agent: proxy.agent,
    setHost: false,
    headers: requestHeaders(proxy, request.rawHeaders),
  });
  pass(request, upstream, {
    chunk: (chunk) => tap((seen) => seen.requestChunk(chunk)),
    end: () => tap((seen) => seen.requestEnded()),
  });

  let over = false;
  const end = (how: 'complete' | 'client left' | 'upstream failed') => {
    if (over) return;
    over = true;
    tap((seen) => seen.ended(how));
  };
  response.on('close', () => {
    if (response.writableFinished) return;
    end('client left');
    upstream.destroy();
  });
  upstream.on('error', () => {
    end('upstream failed');
    if (response.headersSent || response.destroyed) response.destroy();
    else response.writeHead(502, { 'content-type': 'text/plain' }).end('The MCP server cannot be reached.\n');
  });
  upstream.on('response', (answer) => {
    response.sendDate = false;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders));
    tap((seen) => seen.responseStarted(answer.statusCode ?? 502, answer.headers));
    pass(answer, response, {
      chunk: (chunk) => tap((seen) => seen.responseChunk(chunk)),
      end: () => end('complete'),
    });
    // A stream's start must not wait for its first event; any other answer goes out in one piece with its headers.
    if (/^text\/event-stream\b/i.test(answer.headers['content-type'] ?? '')) response.flushHeaders();
    else setImmediate(() => response.writableEnded || response.flushHeaders());
    answer.on('close', () => {
      if (answer.complete) return;
      end('upstream failed');
      response.destroy();
    });
  });
}

/**
 * Passes a body on at the pace of its reader, and shows each piece after it has gone: the copy must not delay the message
 * it is of. Does less than `pipe()`, which costs more than all the looking.
 */
function pass(
  from: IncomingMessage,
  to: Writable,
  shown: { readonly chunk: (chunk: Buffer) => void; readonly end: () => void },
): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    shown.chunk(chunk);
  });
  from.on('end', () => {
    to.end();
    shown.end();
  });
}

/** Runs what looks at the exchange; only requests to the MCP path are looked at, and no failure leaves here. */
function tapOf({ observer, sessions, upstream }: Proxy, request: IncomingMessage) {
  if (request.url?.split('?', 1)[0] !== upstream.pathname) return () => {};
  let exchange: HttpExchange | undefined;
  return (look: (seen: HttpExchange) => void) => {
    try {
      exchange ??= new HttpExchange(
        observer,
        sessions,
        request,
        text(plainAddress(request.socket.remoteAddress)),
      );
      look(exchange);
    } catch {
      observer.exporter.stats.unobserved += 1;
    }
  };
}

const REPLACED_HEADERS = new Set([...HOP_BY_HOP, 'accept-encoding']);
const REPLACED_WITH_HOST = new Set([...REPLACED_HEADERS, 'host']);

function requestHeaders({ upstream, upstreamHost }: Proxy, raw: readonly string[]): string[] {
  const headers = endToEnd(raw, upstreamHost ? REPLACED_WITH_HOST : REPLACED_HEADERS);
  if (upstreamHost) headers.push('Host', upstream.host);
  // Compressed answers would have to be unpacked to be read.
  headers.push('Accept-Encoding', 'identity');
  return headers;
}

/** Raw headers as they came, in order, without those dropped and those that `Connection` names. */
function endToEnd(raw: readonly string[], dropped: ReadonlySet<string> = HOP_BY_HOP): string[] {
  const kept: string[] = [];
  const named: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name === 'connection') named.push(...raw[i + 1]!.toLowerCase().split(','));
    else if (!dropped.has(name)) kept.push(raw[i]!, raw[i + 1]!);
  }
  const hops = new Set(
    named.map((name) => name.trim()).filter((name) => !HOP_BY_HOP.has(name) && name !== 'close'),
  );
  if (hops.size === 0) return kept;
  return kept.filter((_, i) => !hops.has(kept[i - (i % 2)]!.toLowerCase()));
}
