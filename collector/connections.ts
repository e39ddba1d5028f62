/**
 * Open connections of one listener against two bounds: all of them, and those of one source, so that nobody can take
 * all. A connection too many is told so and closed before anything is read from it.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { CollectorLimits } from './config.ts';
import { normalizeSourceAddress } from './process/source-address.ts';

/** Told of each connection that is refused: where from, and the sentence it was answered. */
export type OnRefused = (source: string, sentence: string) => void;

/** Seconds until a refused sender tries again: by then some idle connection has ended, or nobody can help. */
const RETRY_AFTER = 10;

/** The network address that a socket's bounds are counted by. */
export const sourceOf = ({ remoteAddress = 'unknown' }: Socket): string =>
  normalizeSourceAddress(remoteAddress);

export function boundConnections(
  server: Server,
  { connections, connectionsPerSource }: CollectorLimits,
  onRefused: OnRefused,
): void {
  let open = 0;
  const bySource = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const source = sourceOf(socket);
    const ofSource = bySource.get(source) ?? 0;
    const full = open >= connections;
    if (full || ofSource >= connectionsPerSource) {
      const sentence = full
        ? `${connections} connections are open, which is all there may be: close some that are idle`
        : `${source} has ${ofSource} connections open, which is all it may have: use fewer, and use them again`;
      onRefused(source, sentence);
      refuse(socket, full ? '503 Service Unavailable' : '429 Too Many Requests', sentence);
      return;
    }
    open++;
    bySource.set(source, ofSource + 1);
    socket.once('close', () => {
      open--;
      const left = (bySource.get(source) ?? 1) - 1;
      if (left > 0) bySource.set(source, left);
      else bySource.delete(source);
    });
  });
}

/** The answer fits into the socket's buffer, so that nothing is left to wait for. */
function refuse(socket: Socket, status: string, sentence: string): void {
  const body = JSON.stringify({ error: sentence });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  socket.on('error', () => {});
  socket.end(`${head}\r\nretry-after: ${RETRY_AFTER}\r\nconnection: close\r\n\r\n${body}`);
  socket.destroySoon();
}
