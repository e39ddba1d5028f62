/** Takes the events that other processes send on: the same as from a sender, but for the question whose they are. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { CollectorConfig } from '../config.ts';
import { BytesInFlight } from '../receive/in-flight.ts';
import type { Intake } from '../receive/intake.ts';
import { overloaded, Refusal, unavailable } from '../receive/refusal.ts';
import { socketOf, sourceHeader } from './peers.ts';

/** Listens until it is closed. What is left of a process that was killed is in nobody's way. */
export async function servePeers(
  { dataDirectory, limits }: CollectorConfig,
  intake: Intake,
): Promise<() => Promise<void>> {
  const path = socketOf(dataDirectory);
  await rm(path, { force: true });
  const inFlight = new BytesInFlight(limits.bytesInFlight);

  async function take(request: IncomingMessage): Promise<object> {
    const claim = inFlight.claim();
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        if (!claim.add(chunk.length)) throw overloaded();
        chunks.push(chunk);
      }
      const sourceKind = decodeURIComponent(request.headers[sourceHeader] as string);
      const admission = intake.beginSentOn(sourceKind, claim);
      for (const event of JSON.parse(Buffer.concat(chunks).toString()) as unknown[]) admission.event(event);
      return await admission.commit();
    } finally {
      claim.release();
    }
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      response.end(JSON.stringify(await take(request)));
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : unavailable('internal', 'the events could not be processed');
      response.writeHead(refusal.status);
      response.end(JSON.stringify({ reason: refusal.reason, error: refusal.message }));
    }
  };
  // Connections stay open while the processes run: one that closes under a request would cost its sender a retry.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    // Connections of processes that run on are idle most of the time, but never end by themselves.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    await closed;
    clearInterval(sweep);
  };
}
