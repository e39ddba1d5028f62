/** Opens and closes ports, and says in a sentence why one cannot be opened. */
import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv4 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { CollectorConfig, CollectorLimits } from './config.ts';
import { boundConnections, type OnRefused } from './connections.ts';
import { OpenConnections } from './open-connections.ts';

type Listener = CollectorConfig['ingest'];

/** For each of three ports in turn, and then the last snapshot: together within the time that the pod has to end. */
const CLOSE_MS = 10_000;
const SWEEP_MS = 100;
/** How often slow requests are looked for: a time limit is kept to within this. */
const CHECK_MS = 500;

/** What every server is made with: how long a peer may take, of which Node's own defaults leave most open. */
export const httpOptions = ({ headersSeconds, requestSeconds, idleSeconds }: CollectorLimits) => ({
  logger: false as const,
  requestTimeout: requestSeconds * 1_000,
  keepAliveTimeout: idleSeconds * 1_000,
  // Whoever does not read its answer keeps the connection open without being idle between two requests.
  connectionTimeout: idleSeconds * 1_000,
  http: { headersTimeout: headersSeconds * 1_000, connectionsCheckingInterval: CHECK_MS },
  // While stopping, a request on an open connection is served; its answer closes the connection.
  return503OnClosing: false,
});

/** Where events are taken: without tokens on loopback only, whatever is configured. */
export function ingestListener({ ingest, tokensFile }: CollectorConfig, logger: Logger): Listener {
  if (tokensFile !== undefined || isLoopback(ingest.host)) return ingest;
  logger.warn(
    `no tokensFile is configured, so events are taken on 127.0.0.1 only and not on ${ingest.host}: configure one to open it`,
  );
  return { ...ingest, host: '127.0.0.1' };
}

export const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Closes it when its requests are done, or cuts them off when they take too long. */
  close(): Promise<void>;
}

/** Every address of both families, which a machine without IPv6 does not have. */
const ANY = '::';
const ANY_IPV4 = '0.0.0.0';

async function hasIpv6(): Promise<boolean> {
  const probe = createServer().listen(0, ANY);
  try {
    await once(probe, 'listening');
    probe.close();
    return true;
  } catch {
    return false;
  }
}

export interface ListenOptions {
  readonly limits: CollectorLimits;
  readonly onRefused: OnRefused;
  /** Whether other processes may listen on the same port, which the kernel then divides among them. */
  readonly reusePort?: boolean;
}

/** Listens, on any free port for port 0. `name` is the listener's in the configuration. */
export async function listen(
  app: FastifyInstance,
  name: string,
  { host: configured, port }: Listener,
  { limits, onRefused, reusePort = false }: ListenOptions,
): Promise<Listening> {
  const host = configured === ANY && !(await hasIpv6()) ? ANY_IPV4 : configured;
  boundConnections(app.server, limits, onRefused);
  const connections = new OpenConnections(app.server);
  try {
    await app.listen({ host, port, reusePort } as { host: string; port: number });
  } catch (error) {
    throw new Error(sentence((error as NodeJS.ErrnoException).code, name, host, port), { cause: error });
  }
  const close = async () => {
    const deadline = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
    const closed = app.close();
    connections.end();
    await closed;
    clearTimeout(deadline);
    clearInterval(sweep);
  };
  return { port: (app.server.address() as AddressInfo).port, close };
}

function sentence(code: string | undefined, name: string, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use: end what listens there, or set another ${name}.port`;
  if (code === 'EACCES') return `port ${port} needs privileges: set ${name}.port to one above 1023`;
  return `cannot listen on ${host}:${port} (${code}): set ${name}.host to an address of this machine`;
}
