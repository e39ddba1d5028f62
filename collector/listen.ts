/** Opens and closes ports, and says in a sentence why one cannot be opened. */
import type { ServerResponse } from 'node:http';
import { type AddressInfo, isIPv4, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { CollectorConfig } from './config.ts';

type Listener = CollectorConfig['ingest'];

/** For each of three ports in turn, and then the last snapshot: together within the time that the pod has to end. */
const CLOSE_MS = 10_000;
const SWEEP_MS = 100;

/** Where events are taken: without tokens on loopback only, whatever is configured. */
export function ingestListener({ ingest, tokensFile }: CollectorConfig, logger: Logger): Listener {
  if (tokensFile !== undefined || isLoopback(ingest.host)) return ingest;
  logger.warn(
    `no tokensFile is configured, so events are taken on 127.0.0.1 only and not on ${ingest.host}: configure one to open it`,
  );
  return { ...ingest, host: '127.0.0.1' };
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Closes it when its requests are done, or cuts them off when they take too long. */
  close(): Promise<void>;
}

/** Listens, on any free port for port 0. `name` is the listener's in the configuration. */
export async function listen(
  app: FastifyInstance,
  name: string,
  { host, port }: Listener,
): Promise<Listening> {
  // Connections on which nothing has come yet: Node does not take them for idle, and would wait for them.
  const silent = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  app.server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }, response) => {
    silent.delete(socket);
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new Error(sentence((error as NodeJS.ErrnoException).code, name, host, port), { cause: error });
  }
  const close = async () => {
    const deadline = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
    const closed = app.close();
    for (const socket of silent) socket.destroy();
    // Tells the sender not to send more on this connection.
    for (const response of underWay) response.shouldKeepAlive = false;
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
