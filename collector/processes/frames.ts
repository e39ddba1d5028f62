/**
 * What processes say to each other over a socket: frames of a length (4 bytes, big-endian), the number of the message
 * that is sent or answered (4) and the message. HTTP would cost as much again as what it carries.
 */
import type { Socket } from 'node:net';

export const FRAME_HEAD_BYTES = 8;

/** Memory for a frame; the message goes behind its head. */
export function newFrame(number: number, messageBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + messageBytes);
  frame.writeUInt32BE(messageBytes, 0);
  frame.writeUInt32BE(number, 4);
  return frame;
}

/** What is written in one turn of the event loop goes out in one call of the system. */
export function write(socket: Socket, frame: Buffer): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    setImmediate(() => socket.uncork());
  }
  socket.write(frame);
}

/** Calls `take` with each message that a socket brings. Its bytes are the callee's to keep. */
export function onMessages(socket: Socket, take: (number: number, message: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let held = 0;
  /** Bytes until the next frame, or until its head, is whole. */
  let awaited = FRAME_HEAD_BYTES;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < awaited) return;
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, held);
    let at = 0;
    awaited = FRAME_HEAD_BYTES;
    while (bytes.length - at >= FRAME_HEAD_BYTES) {
      const end = at + FRAME_HEAD_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) {
        awaited = end - at;
        break;
      }
      take(bytes.readUInt32BE(at + 4), bytes.subarray(at + FRAME_HEAD_BYTES, end));
      at = end;
    }
    chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    held = bytes.length - at;
  });
}
