/**
 * `observe(server)`: watches an MCP server of either TypeScript SDK at its transport. What the SDK and the transport
 * say to each other passes unchanged; each tap runs beside it and can neither throw nor wait.
 */
import type { Arrival } from './caller.ts';
import { Conversation } from './conversation.ts';
import { type HeaderReader, hashSessionId } from './identity.ts';
import { type Fields, fields, text } from './json.ts';
import { type Observer, observerFor } from './observer.ts';
import { registry } from './registry.ts';
import type { ObserveOptions } from './settings.ts';

// biome-ignore lint/suspicious/noExplicitAny: callbacks of two SDK majors, passed through as they come.
type Callback = (this: unknown, ...args: any[]) => unknown;

interface Transport {
  start: Callback;
  send: Callback;
  onmessage?: Callback;
  onclose?: Callback;
  sessionId?: unknown;
  /** Where the stdio transports of both SDKs keep their input. */
  _stdin?: Partial<Pick<NodeJS.ReadableStream, 'once' | 'off'>>;
}

interface Protocol {
  connect: Callback;
  transport?: unknown;
  /** Where both SDKs keep the name given to the constructor. */
  _serverInfo?: unknown;
}

/** After its client closed stdin, a server has so long for answers to what was asked before. */
const LAST_ANSWERS_WITHIN_MS = 1_500;
const FLUSH_WITHIN_MS = 1_000;

/**
 * Reports what an MCP server does to MCP Lookout. Takes an `McpServer` or `Server` of SDK v1 or v2, or a factory of
 * them for `createMcpHandler` and `serveStdio`, and returns the same server, or a factory that gives the same servers.
 */
export function observe<T extends object>(target: T, options: ObserveOptions = {}): T {
  const observer = observerFor(options);
  if (observer === undefined) return target;
  if (typeof target === 'function')
    return observedFactory(target as unknown as Callback, observer) as unknown as T;
  attach(target, observer);
  return target;
}

function observedFactory(factory: Callback, observer: Observer): Callback {
  return function (this: unknown, ...args) {
    const product = Reflect.apply(factory, this, args);
    if (typeof (product as { then?: unknown } | null)?.then !== 'function') {
      attach(product, observer);
      return product;
    }
    return Promise.resolve(product).then((made) => {
      attach(made, observer);
      return made;
    });
  };
}

function attach(target: unknown, observer: Observer): void {
  try {
    const protocol = protocolOf(target);
    if (protocol === undefined || registry.wrapped.has(protocol)) return;
    registry.wrapped.add(protocol);
    const server = text(fields(protocol._serverInfo)?.name);
    observer.learnedServer ??= server;
    const connect = protocol.connect;
    Object.defineProperty(protocol, 'connect', {
      configurable: true,
      enumerable: false,
      writable: true,
      value(this: unknown, ...args: unknown[]) {
        tapOnStart(args[0], observer, server);
        return Reflect.apply(connect, this, args);
      },
    });
    if (protocol.transport) tap(protocol.transport, observer, server);
  } catch {
    observer.exporter.stats.unobserved += 1;
  }
}

/** `McpServer` holds the protocol in `server`; `Server` is the protocol. Told by shape, so no SDK is imported. */
function protocolOf(target: unknown): Protocol | undefined {
  for (const candidate of [(target as { server?: unknown } | null)?.server, target]) {
    if (typeof (candidate as Partial<Protocol> | undefined)?.connect === 'function')
      return candidate as Protocol;
  }
  return undefined;
}

/** The SDK installs its callbacks and then starts the transport, which may deliver at once: the tap goes in between. */
function tapOnStart(transport: unknown, observer: Observer, server: string | undefined): void {
  try {
    const target = transport as Transport;
    const own = Object.getOwnPropertyDescriptor(target, 'start');
    const start = target.start;
    const value: Callback = (...args) => {
      if (own === undefined) Reflect.deleteProperty(target, 'start');
      else Object.defineProperty(target, 'start', own);
      tap(target, observer, server);
      return Reflect.apply(start, target, args);
    };
    Object.defineProperty(target, 'start', { configurable: true, writable: true, value });
  } catch {
    observer.exporter.stats.unobserved += 1;
  }
}

function tap(transport: unknown, observer: Observer, server: string | undefined): void {
  try {
    const target = transport as Transport;
    // Both SDKs chain the callbacks they find, so a transport that is connected again is tapped already.
    if (registry.tapped.has(target)) return;
    const { onmessage, onclose, send } = target;
    if (typeof send !== 'function' || typeof onmessage !== 'function') return;
    registry.tapped.add(target);
    const conversation = new Conversation(observer, {
      server,
      perspective: 'server',
      session: hashedSessionId(target),
    });
    const quietly = (look: () => void) => {
      try {
        look();
      } catch {
        observer.exporter.stats.unobserved += 1;
      }
    };
    target.onmessage = function (...args) {
      quietly(() => conversation.fromClient({ message: args[0] }, arrivalOf(args[1])));
      return Reflect.apply(onmessage, this, args);
    };
    target.send = function (...args) {
      const sent = Reflect.apply(send, this, args);
      quietly(() => conversation.fromServer({ message: args[0] }));
      return sent;
    };
    // SDK v1 does not notice that its client left, and is killed two seconds later.
    const stdin = target._stdin;
    const clientLeft = () => {
      setTimeout(() => {
        quietly(() => conversation.close('client closed'));
        void observer.exporter.flush(FLUSH_WITHIN_MS);
      }, LAST_ANSWERS_WITHIN_MS).unref();
    };
    target.onclose = function (...args) {
      quietly(() => {
        stdin?.off?.('end', clientLeft);
        conversation.close('connection closed');
      });
      return onclose === undefined ? undefined : Reflect.apply(onclose, this, args);
    };
    stdin?.once?.('end', clientLeft);
  } catch {
    observer.exporter.stats.unobserved += 1;
  }
}

/** Hashes the transport's session id when it appears or changes. */
function hashedSessionId(transport: Transport): () => string | undefined {
  let raw: string | undefined;
  let hash: string | undefined;
  return () => {
    const current = text(transport.sessionId, 4_096);
    if (current !== raw) {
      raw = current;
      hash = current && hashSessionId(current);
    }
    return hash;
  };
}

/** Reads what both SDKs hand over beside the message; of `authInfo` only the client id, never the token. */
function arrivalOf(extra: unknown): Arrival {
  const given = fields(extra);
  if (given === undefined) return {};
  return { header: headerReader(given), user: text(fields(given.authInfo)?.clientId) };
}

function headerReader(extra: Fields): HeaderReader | undefined {
  const v2 = (extra.request as { headers?: { get?: unknown } } | undefined)?.headers;
  if (typeof v2?.get === 'function') return (name) => (v2 as Headers).get(name) ?? undefined;
  const v1 = fields(fields(extra.requestInfo)?.headers);
  if (v1 === undefined) return undefined;
  return (name) => {
    const value = v1[name];
    return typeof value === 'string' ? value : undefined;
  };
}
