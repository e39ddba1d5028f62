/** What is no HTTP request, or came too slowly to become one: answered by hand, since there is nothing to answer to. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RejectionReason } from '../catalogue/collector-metrics.ts';
import type { DoubtfulConnections } from './request-head.ts';

/** `note` counts and logs why a request is refused. */
export function brokenRequests(
  doubtful: DoubtfulConnections,
  note: (reason: RejectionReason, sentence: string, socket: Socket) => void,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    // A load balancer's probe or a spare connection: nobody has asked for anything.
    if (socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    const answering = answerUnderWay(socket);
    if (doubtful.has(socket)) {
      // What broke here is part of what has been refused already.
      if (answering === undefined) socket.destroySoon();
      return;
    }
    const { status, reason, sentence } = faultOfRequest(error.code);
    note(reason, sentence, socket);
    if (answering?.req.complete) {
      // It is whole; what broke came behind it. Its sender must not take this answer for that to its sound request.
      answering.once('finish', () => socket.destroySoon());
      return;
    }
    const body = JSON.stringify({ error: sentence });
    const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    if (socket.writable) socket.write(`${head}\r\nconnection: close\r\n\r\n${body}`);
    socket.destroySoon();
  };
}

/** Node keeps it there, and offers no other way to tell what a broken request came behind. */
const answerUnderWay = (socket: Socket) =>
  (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;

function faultOfRequest(code: string | undefined) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      status: '408 Request Timeout',
      reason: 'timeout',
      sentence: 'the request took too long to arrive: send it faster or in parts',
    } as const;
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: '431 Request Header Fields Too Large',
      reason: 'too_large',
      sentence: 'the headers are too large: send fewer',
    } as const;
  return {
    status: '400 Bad Request',
    reason: 'malformed',
    sentence: 'this is not a valid HTTP request: send HTTP/1.1',
  } as const;
}
