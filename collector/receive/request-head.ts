/** What the head of a request asks of the server itself: refused here, where Node would let it pass or answer uncounted. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Refusal } from './refusal.ts';

/**
 * Connections on which nobody can tell where a request ends. A proxy may have taken all that came on one for a single
 * request, so what seems to follow there is nobody's.
 */
export class DoubtfulConnections {
  readonly #sockets = new WeakSet<Socket>();

  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /** Refuses bodies in a transfer encoding that Node leaves unread, and passes over what follows on their connections. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', ({ headers, socket }, reply, done) => {
      if (this.#sockets.has(socket)) {
        // The answer to the request before this ends the connection, however the two race.
        reply.hijack();
        return;
      }
      const encoding = headers['transfer-encoding']?.trim().toLowerCase();
      if (encoding === undefined || encoding === 'chunked') {
        done();
        return;
      }
      this.#sockets.add(socket);
      done(
        new Refusal(501, 'unsupported', 'transfer-encoding must be chunked alone', { connection: 'close' }),
      );
    });
  }
}

/** Refuses what Node would: it answers 417 by itself, and nobody would count it. */
export function refuseExpectations(app: FastifyInstance): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onRequest', async ({ headers: { expect } }) => {
    if (expect !== undefined && expect.toLowerCase() !== '100-continue')
      throw new Refusal(417, 'unsupported', 'expect must be 100-continue, or left out');
  });
}
