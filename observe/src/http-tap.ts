/**
 * Refusals that never reach the MCP layer of a server: 401 and 403 of any `node:http` server in this process, seen
 * through Node's diagnostics channels, so no framework needs to know.
 */
import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authFailureReason, plainAddress } from './auth-failure.ts';
import { pathOfTarget, plainPath } from './endpoint-path.ts';
import type { HeaderReader } from './identity.ts';
import { text } from './json.ts';
import { type Observer, observerFor } from './observer.ts';
import { registry } from './registry.ts';
import type { ObserveOptions } from './settings.ts';

export interface ObserveHttpOptions extends ObserveOptions {
  /** Path of the MCP endpoint, with what lies below it, whatever its case and slashes. Default `/mcp`. */
  readonly path?: string;
  /**
   * Header that a trusted proxy before this server appends the caller's address to, such as `x-forwarded-for`; its
   * last address counts. Default: the address of the connection.
   */
  readonly sourceHeader?: string;
}

// Node drops subscriptions of a channel that nothing refers to.
const started = channel('http.server.request.start');
const finished = channel('http.server.response.finish');

/** Reports each 401 and 403 on the MCP path as an auth failure, with the caller's address. Once per path is enough. */
export function observeHttp(options: ObserveHttpOptions = {}): void {
  const { sourceHeader, ...rest } = options;
  const path = plainPath(options.path ?? '/mcp');
  const observer = observerFor(rest);
  if (observer === undefined || registry.listening.has(path)) return;
  registry.listening.add(path);
  // Routers rewrite `request.url`, so it is read before any of them runs.
  const mcpRequests = new WeakSet<IncomingMessage>();
  started.subscribe((message) => {
    try {
      const { request } = message as { request: IncomingMessage };
      if (isBelow(path, request.url)) mcpRequests.add(request);
    } catch {
      observer.exporter.stats.unobserved += 1;
    }
  });
  finished.subscribe((message) => {
    try {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      if (response.statusCode === 401 || response.statusCode === 403) {
        if (mcpRequests.has(request)) refused(observer, request, response, sourceHeader);
      }
    } catch {
      observer.exporter.stats.unobserved += 1;
    }
  });
}

function refused(
  observer: Observer,
  request: IncomingMessage,
  response: ServerResponse,
  sourceHeader: string | undefined,
): void {
  const header: HeaderReader = (name) => request.headers[name]?.toString();
  const reason = authFailureReason(response.statusCode, header, challengeOf(response));
  const source = text(sourceOf(request, sourceHeader));
  if (reason === undefined || source === undefined) return;
  observer.report({ kind: 'auth_failure', source, reason }, observer.learnedServer);
}

function isBelow(path: string, url = ''): boolean {
  const own = plainPath(pathOfTarget(url));
  return own === path || own.startsWith(path === '/' ? path : `${path}/`);
}

function sourceOf(request: IncomingMessage, sourceHeader: string | undefined): string | undefined {
  const forwarded = sourceHeader === undefined ? undefined : request.headers[sourceHeader.toLowerCase()];
  const last = (Array.isArray(forwarded) ? forwarded.at(-1) : forwarded)?.split(',').at(-1)?.trim();
  return plainAddress(last || request.socket.remoteAddress);
}

function challengeOf(response: ServerResponse): string | undefined {
  const header = response.getHeader('www-authenticate');
  if (header !== undefined) return String(header);
  // Headers given to writeHead() alone are found only in the text that was sent.
  const { _header: sent } = response as { _header?: unknown };
  return typeof sent === 'string' ? /^www-authenticate: (.*)$/im.exec(sent)?.[1] : undefined;
}
