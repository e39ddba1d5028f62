/** The connections of a listener, and what is being answered on each: what a stop has to end. */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A set of the answers under way would do, but V8 keeps the old table of a set that shrinks and grows, the old one
 * names the new one, and once one of them is in the old generation all that was ever in the set moves there too: each
 * request with its headers and its answer, 2.6 KB, so that the old generation had to be collected every second. The
 * keys of this table change with the connections only.
 */
export class OpenConnections {
  /** 'silent': nothing has come yet. 'idle': what came has been answered. */
  readonly #latest = new Map<Socket, ServerResponse | 'silent' | 'idle'>();
  #ending = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#latest.set(socket, 'silent');
      socket.once('close', () => this.#latest.delete(socket));
    });
    server.on('request', ({ socket }, response) => {
      if (this.#ending) response.shouldKeepAlive = false;
      if (this.#latest.has(socket)) this.#latest.set(socket, response);
      response.once('close', () => {
        if (this.#latest.get(socket) === response) this.#latest.set(socket, 'idle');
      });
    });
  }

  /** Has every connection end with its latest or its next answer, and those at once that have not asked for one. */
  end(): void {
    this.#ending = true;
    for (const [socket, latest] of this.#latest) {
      // Node does not take it for idle, and would wait for it.
      if (latest === 'silent') socket.destroy();
      // Tells the sender not to send more on this connection.
      else if (latest !== 'idle') latest.shouldKeepAlive = false;
    }
  }
}
