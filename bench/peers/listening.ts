import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Says on standard output where a server listens, as the collector's log does. */
export function listening(server: Server): void {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ports: { ingest: port } })}\n`);
}
