/** Messages out of bytes that pass by: lines of stdio, JSON bodies, server-sent events. Only the observed copy is capped. */
import { isJsonRpc, type Observed } from './json-rpc.ts';
import { Skim } from './skim.ts';

/** Larger messages are skimmed instead of kept. */
const KEPT_BYTES = 1024 * 1024;

/** More pieces are put together: a sender of single bytes would make each cost a hundred. */
const MOST_PIECES = 4_096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Gets each message; `undefined` stands for text that is none. */
export type OnMessage = (observed: Observed | undefined) => void;

/** One message that arrives in pieces. */
export class Text {
  #parts: Buffer[] = [];
  #bytes = 0;
  #skim: Skim | undefined;

  push(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#skim === undefined && this.#bytes > KEPT_BYTES) {
      this.#skim = new Skim();
      for (const earlier of this.#parts) this.#skim.push(earlier);
      this.#parts = [];
    }
    if (this.#skim !== undefined) this.#skim.push(part);
    else this.#parts.push(part);
    if (this.#parts.length >= MOST_PIECES) this.#parts = [Buffer.concat(this.#parts)];
  }

  /** Hands over what came since the last time; blank text is nothing at all. */
  end(onMessage: OnMessage): void {
    const parts = this.#parts;
    const skim = this.#skim;
    this.#parts = [];
    this.#bytes = 0;
    this.#skim = undefined;
    if (skim !== undefined) {
      onMessage(skim.end());
      return;
    }
    const text = Buffer.concat(parts).toString('utf8').trim();
    if (text !== '') onMessage(parsed(text));
  }
}

function parsed(text: string): Observed | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isJsonRpc(message) ? { message } : undefined;
  } catch {
    return undefined;
  }
}

/** Newline-delimited messages. Splits bytes, so a character across two chunks stays whole. */
export class Lines {
  readonly #text = new Text();
  readonly #onMessage: OnMessage;

  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to !== -1; to = chunk.indexOf(LINE_FEED, from)) {
      this.#text.push(chunk.subarray(from, to));
      this.#text.end(this.#onMessage);
      from = to + 1;
    }
    if (from < chunk.length) this.#text.push(chunk.subarray(from));
  }
}

/** The `data` of server-sent events; comments and other fields pass by. */
export class EventStream {
  readonly #data = new Text();
  readonly #onMessage: OnMessage;
  /** Start of the current line, until it tells whether the line is data. */
  #start = Buffer.alloc(0);
  #kind: 'unknown' | 'data' | 'other' = 'unknown';
  #afterReturn = false;

  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      if (this.#afterReturn && chunk[from] === LINE_FEED) from += 1;
      this.#afterReturn = false;
      const to = endOfLine(chunk, from);
      if (to === -1) {
        this.#part(chunk.subarray(from));
        return;
      }
      this.#part(chunk.subarray(from, to));
      this.#lineEnded();
      this.#afterReturn = chunk[to] === CARRIAGE_RETURN;
      from = to + 1;
    }
  }

  #part(part: Buffer): void {
    if (this.#kind === 'other') return;
    if (this.#kind === 'data') {
      this.#data.push(part);
      return;
    }
    this.#start = Buffer.concat([this.#start, part]);
    if (this.#start.length < 5) return;
    this.#kind = this.#start.toString('latin1', 0, 5) === 'data:' ? 'data' : 'other';
    if (this.#kind === 'data') this.#data.push(this.#start.subarray(5));
  }

  #lineEnded(): void {
    const blank = this.#kind === 'unknown' && this.#start.length === 0;
    this.#start = Buffer.alloc(0);
    this.#kind = 'unknown';
    if (blank) this.#data.end(this.#onMessage);
  }
}

function endOfLine(chunk: Buffer, from: number): number {
  const feed = chunk.indexOf(LINE_FEED, from);
  const line = feed === -1 ? chunk.subarray(from) : chunk.subarray(from, feed);
  const carriage = line.indexOf(CARRIAGE_RETURN);
  return carriage === -1 ? feed : from + carriage;
}
