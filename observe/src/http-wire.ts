/**
 * Follows the messages of one direction of an HTTP/1.1 connection while their bytes pass. What it cannot follow passes
 * all the same; it is only not seen any more.
 */
import { type Framing, type Head, readHead } from './http-head.ts';

export interface WireListener {
  /** A message begins. Says how its body ends; undefined stops the following, as after an upgrade. */
  head(head: Head): Framing | undefined;
  /** Part of the body, without the framing of chunks. */
  body(part: Buffer): void;
  end(): void;
  /** The bytes are no HTTP/1.1 that can be followed. */
  lost(): void;
  /** The head as it is to be passed on. */
  rewrite(head: string): string;
}

type State =
  | 'head'
  | 'length'
  | 'until closed'
  | 'chunk size'
  | 'chunk'
  | 'after chunk'
  | 'trailers'
  | 'lost';

const LARGEST_HEAD_BYTES = 256 * 1024;
const LONGEST_CHUNK_LINE = 8 * 1024;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const BARE_END_OF_HEAD = Buffer.from('\n\n');
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class HttpWire {
  readonly #listener: WireListener;
  #state: State = 'head';
  /** Bytes of the body, or of its chunk, still to come. */
  #left = 0;
  /** Bytes of an unfinished head or line between chunks. */
  #held = Buffer.alloc(0);

  constructor(listener: WireListener) {
    this.#listener = listener;
  }

  /** Follows a piece and returns what to pass on: the piece itself, but for heads, which pass once they are whole. */
  push(chunk: Buffer): Buffer {
    const passed: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      const from = at;
      if (this.#state === 'head') at = this.#head(chunk, at, passed);
      else {
        at = this.#rest(chunk, at);
        passed.push(chunk.subarray(from, at));
      }
    }
    return passed.length === 1 ? (passed[0] as Buffer) : Buffer.concat(passed);
  }

  /** The sender closed its side, which ends a body that has no other end. */
  close(): void {
    const wasOpen = this.#state === 'until closed';
    this.#state = 'lost';
    if (wasOpen) this.#listener.end();
  }

  /** Follows no longer. */
  stop(): void {
    this.#state = 'lost';
  }

  #head(chunk: Buffer, from: number, passed: Buffer[]): number {
    const heldBytes = this.#held.length;
    const fresh = chunk.subarray(from);
    const bytes = heldBytes === 0 ? fresh : Buffer.concat([this.#held, fresh]);
    this.#held = Buffer.alloc(0);
    // Empty lines before a head are to be ignored.
    let start = 0;
    while (bytes[start] === CARRIAGE_RETURN || bytes[start] === LINE_FEED) start += 1;
    const end = bytes.indexOf(END_OF_HEAD, start);
    if (end === -1) {
      if (mayBecomeHead(bytes, start)) this.#held = Buffer.from(bytes);
      else {
        this.#lose();
        passed.push(bytes);
      }
      return chunk.length;
    }
    const stop = end + END_OF_HEAD.length;
    const text = bytes.toString('latin1', start, end);
    const head = readHead(text);
    if (head === undefined) {
      this.#lose();
      passed.push(bytes.subarray(0, stop));
      return from + stop - heldBytes;
    }
    passed.push(bytes.subarray(0, start), Buffer.from(`${this.#listener.rewrite(text)}\r\n\r\n`, 'latin1'));
    this.#begin(this.#listener.head(head));
    return from + stop - heldBytes;
  }

  #begin(framing: Framing | undefined): void {
    if (framing === undefined) this.#state = 'lost';
    else if (framing.kind === 'chunked') this.#state = 'chunk size';
    else if (framing.kind === 'close') this.#state = 'until closed';
    else if (framing.bytes === 0) this.#end();
    else {
      this.#left = framing.bytes;
      this.#state = 'length';
    }
  }

  #rest(chunk: Buffer, at: number): number {
    if (this.#state === 'lost') return chunk.length;
    if (this.#state === 'until closed') {
      this.#listener.body(chunk.subarray(at));
      return chunk.length;
    }
    if (this.#state === 'length' || this.#state === 'chunk') return this.#counted(chunk, at);
    return this.#lineBetweenChunks(chunk, at);
  }

  #counted(chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + this.#left);
    this.#left -= part.length;
    this.#listener.body(part);
    if (this.#left === 0) {
      if (this.#state === 'length') this.#end();
      else this.#state = 'after chunk';
    }
    return at + part.length;
  }

  #lineBetweenChunks(chunk: Buffer, at: number): number {
    const feed = chunk.indexOf(LINE_FEED, at);
    const line = Buffer.concat([this.#held, chunk.subarray(at, feed === -1 ? chunk.length : feed)]);
    this.#held = Buffer.alloc(0);
    if (line.length > LONGEST_CHUNK_LINE) this.#lose();
    else if (feed === -1) this.#held = line;
    else this.#lineEnded(line.toString('latin1').trim());
    return feed === -1 ? chunk.length : feed + 1;
  }

  #lineEnded(line: string): void {
    if (this.#state === 'after chunk') {
      this.#state = 'chunk size';
    } else if (this.#state === 'trailers') {
      if (line === '') this.#end();
    } else {
      const size = /^([\da-f]{1,12})\s*(?:;|$)/i.exec(line)?.[1];
      this.#left = Number.parseInt(size ?? '0', 16);
      if (size === undefined) this.#lose();
      else this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    }
  }

  #lose(): void {
    this.#state = 'lost';
    this.#listener.lost();
  }

  #end(): void {
    this.#state = 'head';
    this.#listener.end();
  }
}

/** Whether to wait for more: other protocols, and line ends that only some servers take, must not be held back. */
function mayBecomeHead(bytes: Buffer, start: number): boolean {
  const first = bytes[start];
  const startsLikeOne = first === undefined || (first >= 0x41 && first <= 0x5a);
  return startsLikeOne && bytes.length <= LARGEST_HEAD_BYTES && bytes.indexOf(BARE_END_OF_HEAD, start) === -1;
}
