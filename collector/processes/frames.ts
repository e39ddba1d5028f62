/**
 * What processes say to each other over a socket: frames of a length (4 bytes, big-endian), the number of the message
 * that is sent or answered (4) and the message. HTTP would cost as much again as what it carries.
 *
 * Frames are written to memory and read from memory that is used again and again. What is sent on weighs as much as
 * what comes in, and buffers that are thrown away make the engine look through its whole heap: two processes did so four
 * times as often as one.
 */
import type { Socket } from 'node:net';

const FRAME_HEAD_BYTES = 8;
/** What is sent in a turn of the event loop fits mostly. */
const CHUNK_BYTES = 256 * 1024;
/** That lie ready; more are in use where another process does not keep up. */
const SPARE_CHUNKS = 4;

const spare: Buffer[] = [];

const takeChunk = (bytes: number): Buffer =>
  bytes > CHUNK_BYTES ? Buffer.allocUnsafeSlow(bytes) : (spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES));

function giveBack(chunk: Buffer): void {
  if (chunk.length === CHUNK_BYTES && spare.length < SPARE_CHUNKS) spare.push(chunk);
}

/** Writes a message into memory from a place on, and answers where it ends. */
export type Fill = (into: Buffer, at: number) => number;

/** What is said over one socket. */
export class FrameWriter {
  readonly #socket: Socket;
  #chunk: Buffer | undefined;
  #used = 0;
  readonly #atEndOfTurn = () => this.flush();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Adds a frame with a message of so many bytes at most. All of a turn of the event loop goes out in one call of the system. */
  write(number: number, mostBytes: number, fill: Fill): void {
    const most = FRAME_HEAD_BYTES + mostBytes;
    if (this.#chunk !== undefined && this.#chunk.length - this.#used < most) this.flush();
    if (this.#chunk === undefined) {
      this.#chunk = takeChunk(most);
      setImmediate(this.#atEndOfTurn);
    }
    const chunk = this.#chunk;
    const from = this.#used + FRAME_HEAD_BYTES;
    const to = fill(chunk, from);
    chunk.writeUInt32BE(to - from, this.#used);
    chunk.writeUInt32BE(number, this.#used + 4);
    this.#used = to;
  }

  /** Hands what has been written to the system now. */
  flush(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    // Told also when it could not be written: in either way nobody reads from it any more.
    this.#socket.write(chunk.subarray(0, this.#used), () => giveBack(chunk));
    this.#chunk = undefined;
    this.#used = 0;
  }
}

/** Calls `take` with each message that a socket brings. Its bytes are the callee's until it returns. */
export function onMessages(socket: Socket, take: (number: number, message: Buffer) => void): void {
  /** The frame that has begun, `held` bytes of it. */
  let begun = Buffer.alloc(0);
  let held = 0;
  /** Bytes until it is whole, or until its head is. */
  let awaited = FRAME_HEAD_BYTES;
  const taken = (bytes: Buffer, at: number, end: number) =>
    take(bytes.readUInt32BE(at + 4), bytes.subarray(at + FRAME_HEAD_BYTES, end));
  /** Adds to the frame that has begun; it grows with what has come, not with what its head says. */
  const hold = (chunk: Buffer, from: number, to: number) => {
    const needed = held + to - from;
    if (needed > begun.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, 2 * needed));
      begun.copy(larger, 0, 0, held);
      begun = larger;
    }
    held += chunk.copy(begun, held, from, to);
  };
  socket.on('data', (chunk: Buffer) => {
    let at = 0;
    while (held > 0) {
      const to = Math.min(chunk.length, at + awaited - held);
      hold(chunk, at, to);
      at = to;
      if (held < awaited) return;
      const whole = FRAME_HEAD_BYTES + begun.readUInt32BE(0);
      if (awaited < whole) {
        awaited = whole;
        continue;
      }
      taken(begun, 0, whole);
      held = 0;
      if (begun.length > CHUNK_BYTES) begun = Buffer.alloc(0);
    }
    while (at < chunk.length) {
      const left = chunk.length - at;
      awaited = FRAME_HEAD_BYTES + (left < FRAME_HEAD_BYTES ? 0 : chunk.readUInt32BE(at));
      if (left < awaited) {
        hold(chunk, at, chunk.length);
        return;
      }
      taken(chunk, at, at + awaited);
      at += awaited;
    }
  });
}
