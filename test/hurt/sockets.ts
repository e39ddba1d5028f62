/** Raw sockets to a collector, and what came back on them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Wire {
  readonly socket: Socket;
  /** All that was received so far. */
  text: string;
  readonly closed: Promise<unknown>;
}

/** `from`: any address of 127/8, so that a test can be many sources. */
export async function wire(port: number, from = '127.0.0.1'): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true });
  const opened: Wire = {
    socket,
    text: '',
    closed: new Promise((resolve) => {
      socket.once('close', resolve);
    }),
  };
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (chunk) => {
    opened.text += chunk;
  });
  // The collector ends a connection; a peer that would not end its own side would wait for ever.
  socket.on('end', () => socket.end());
  await once(socket, 'connect');
  return opened;
}

/** The statuses of all answers on a connection, in order. */
export const statusesOf = ({ text }: Wire): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

export const head = (...lines: string[]) =>
  ['POST /v1/events HTTP/1.1', 'host: x', 'content-type: application/json', ...lines, '', ''].join('\r\n');
