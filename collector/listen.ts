/** Opens and closes ports, and says in a sentence why one cannot be opened. */
import { type AddressInfo, isIPv4 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { CollectorConfig } from './config.ts';

type Listener = CollectorConfig['ingest'];

/** Within the 30 s that Kubernetes gives a pod to end. */
const CLOSE_MS = 10_000;

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

/** Listens and answers the port, for a configuration with port 0. `name` is the listener's in the configuration. */
export async function listen(app: FastifyInstance, name: string, { host, port }: Listener): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new Error(sentence((error as NodeJS.ErrnoException).code, name, host, port), { cause: error });
  }
  return (app.server.address() as AddressInfo).port;
}

function sentence(code: string | undefined, name: string, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use: end what listens there, or set another ${name}.port`;
  if (code === 'EACCES') return `port ${port} needs privileges: set ${name}.port to one above 1023`;
  return `cannot listen on ${host}:${port} (${code}): set ${name}.host to an address of this machine`;
}

/** Closes a server when its requests are done, or cuts them off when they take too long. */
export async function closeServer(app: FastifyInstance): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
  await app.close();
  clearTimeout(deadline);
}
