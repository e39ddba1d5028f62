/** One batch to the collector: an HTTP POST that never follows a redirect and never waits without a deadline. */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/** A collector that has not answered by then is slow or gone; the batch is sent again, its ids make that harmless. */
const ANSWER_WITHIN_MS = 10_000;
const LARGEST_ANSWER_BYTES = 256 * 1024;
const LONGEST_WAIT_MS = 5 * 60_000;

export interface Answer {
  readonly status: number;
  /** What `Retry-After` asks for, in milliseconds; undefined when it asks for nothing. */
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** Keeps one connection to the collector. Idle or busy, it holds the process up only while `holding` is set. */
export class Connection {
  holding = false;
  #socket: Socket | undefined;
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 1 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 1 }),
  };

  /** From now on a request in flight keeps the process running. */
  hold(): void {
    this.holding = true;
    this.#socket?.ref();
  }

  release(): void {
    this.holding = false;
    this.#socket?.unref();
  }

  /** Rejects when there is no answer in time. */
  post(endpoint: URL, headers: http.OutgoingHttpHeaders, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const secure = endpoint.protocol === 'https:';
      const request = (secure ? https : http).request(endpoint, {
        method: 'POST',
        agent: this.#agents[secure ? 'https:' : 'http:'],
        headers: { ...headers, 'content-length': body.length },
      });
      const deadline = setTimeout(
        () => request.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      );
      deadline.unref();
      const settle = <T>(done: (value: T) => void, value: T) => {
        clearTimeout(deadline);
        this.#socket = undefined;
        done(value);
      };
      request.on('socket', (socket) => {
        this.#socket = socket;
        if (!this.holding) socket.unref();
      });
      request.on('error', (error) => settle(reject, error));
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > LARGEST_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        response.on('error', (error) => settle(reject, error));
        response.on('close', () => settle(reject, new Error('the answer broke off')));
        response.on('end', () =>
          settle(resolve, {
            status: response.statusCode ?? 0,
            retryAfterMs: retryAfter(response.headers['retry-after']),
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      request.end(body);
    });
  }
}

/** Seconds or an HTTP date, at most five minutes: a collector must not silence its sources for a day. */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
}
