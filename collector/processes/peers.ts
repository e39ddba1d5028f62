/** The other processes, as one of them sees them: over Unix sockets in the data directory, which no other user may enter. */
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { McpEvent } from '../catalogue/events.ts';
import { Refusal, unavailable } from '../receive/refusal.ts';
import type { SentOn } from './outbox.ts';

/** Of one process to one other: enough for all that its journal commits at once. */
const CONNECTIONS = 16;
/** A process that is alive answers within a commit or two; beyond, the sender had better ask again. */
const TIMEOUT_MS = 10_000;
/** Linux takes no longer path of a socket. */
const LONGEST_PATH_BYTES = 107;

export const peerPath = '/events';
export const sourceHeader = 'x-source-kind';

/** Where a process takes what others send on. Throws a sentence when the path is too long for a socket. */
export function socketOf(partitionDirectory: string): string {
  const path = join(partitionDirectory, 'peer.sock');
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    throw new Error(
      `${path} is longer than the ${LONGEST_PATH_BYTES} bytes that a socket may have: choose a shorter dataDirectory, or set processes to 1`,
    );
  return path;
}

export class Peers {
  readonly own: number;
  readonly #sockets: readonly string[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  /** `directories`: of all processes in their order, this one's included. */
  constructor(own: number, directories: readonly string[]) {
    this.own = own;
    this.#sockets = directories.map(socketOf);
  }

  get processes(): number {
    return this.#sockets.length;
  }

  /** Hands events to a process, and resolves when they are on its disk. Throws a Refusal when they are not. */
  send(to: number, sourceKind: string, events: readonly McpEvent[]): Promise<SentOn> {
    const body = Buffer.from(JSON.stringify(events));
    const options = {
      socketPath: this.#sockets[to] as string,
      agent: this.#agent,
      method: 'POST',
      path: peerPath,
      headers: { [sourceHeader]: encodeURIComponent(sourceKind), 'content-length': body.length },
      timeout: TIMEOUT_MS,
    };
    const gone = () => unavailable('partition', `process ${to} of ${this.processes} is not there`);
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => reject(gone()));
        response.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString());
          if (response.statusCode === 200) resolve(answer);
          else
            reject(
              new Refusal(response.statusCode as number, answer.reason, answer.error, { 'retry-after': '1' }),
            );
        });
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => reject(gone()));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
