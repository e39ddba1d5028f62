/**
 * The events of one request that go to one other process, in their order, as one message.
 *
 * Bytes: length of the kind of source (1), the kind; length of what its calls have in common and the other process does
 * not know yet (4, big-endian), that; then runs of events, each what it holds (1), its length (4) and itself. A run holds
 * calls that have been read (`sent-calls.ts`), or a JSON array of events as they were sent.
 */
import type { CallColumns } from '../receive/calls/call-columns.ts';
import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../receive/json-bytes.ts';
import { CallsToSend, type Said } from './sent-calls.ts';

/** About a hundred events: parsing costs the least at this size, and holds nobody up. */
export const RUN_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;
const HEAD_BYTES = 1 + LENGTH_BYTES;
const HOLDS = { texts: 0, calls: 1 } as const;

/** Bytes that stand somewhere: the text of an event, or calls. */
interface Piece {
  readonly isCalls: boolean;
  readonly bytes: Buffer;
  readonly from: number;
  until: number;
}

export class Parcel {
  readonly to: number;
  readonly sourceKind: string;
  /** Where each event stood in the request. */
  readonly indexes: number[] = [];
  readonly #pieces: Piece[] = [];
  readonly #calls = new CallsToSend();
  #bytes = 0;

  constructor(to: number, sourceKind: string) {
    this.to = to;
    this.sourceKind = sourceKind;
  }

  /** Adds the event that stands in `bytes` at a place. */
  add(index: number, bytes: Buffer, from: number, until: number): void {
    this.indexes.push(index);
    this.#pieces.push({ isCalls: false, bytes, from, until });
    this.#bytes += until - from;
  }

  /** Adds a call that was read. */
  addCall(index: number, calls: CallColumns, row: number): void {
    this.indexes.push(index);
    this.#calls.add(calls, row);
    const { bytes, from, to } = this.#calls;
    this.#bytes += to - from;
    const last = this.#pieces.at(-1);
    if (last?.bytes === bytes && last.until === from) last.until = to;
    else this.#pieces.push({ isCalls: true, bytes, from, until: to });
  }

  /** What the other process has to be told before its calls. */
  news(said: Said): Buffer {
    return Buffer.from(this.#calls.number(said));
  }

  /** How many bytes it takes at the most with so many of news. */
  mostBytes(newsBytes: number): number {
    // Each text has a comma or a bracket behind it, and may be a run by itself.
    const most = this.#bytes + this.#pieces.length * (HEAD_BYTES + 2);
    return 1 + Buffer.byteLength(this.sourceKind) + LENGTH_BYTES + newsBytes + most;
  }

  /** Writes all of it from a place on, and answers where it ends. What it held is others' then. */
  write(into: Buffer, from: number, news: Buffer): number {
    const kind = Buffer.from(this.sourceKind);
    let at = into.writeUInt8(kind.length, from);
    at += kind.copy(into, at);
    at = into.writeUInt32BE(news.length, at);
    at += news.copy(into, at);
    for (let i = 0; i < this.#pieces.length; ) {
      const run = at;
      const { isCalls, bytes, from, until } = this.#pieces[i]!;
      at += HEAD_BYTES;
      if (isCalls) {
        at += bytes.copy(into, at, from, until);
        i++;
      } else [at, i] = this.#writeTexts(into, at, i);
      into[run] = isCalls ? HOLDS.calls : HOLDS.texts;
      into.writeUInt32BE(at - run - HEAD_BYTES, run + 1);
    }
    this.#calls.end();
    return at;
  }

  /** Writes a run of texts from a piece on; answers where it ends, and which piece comes next. */
  #writeTexts(into: Buffer, from: number, first: number): [number, number] {
    const pieces = this.#pieces;
    let at = from;
    into[at++] = OPEN_BRACKET;
    for (let i = first; ; i++) {
      const { bytes, from: textFrom, until } = pieces[i]!;
      at += bytes.copy(into, at, textFrom, until);
      const isLast = at - from >= RUN_BYTES || (pieces[i + 1]?.isCalls ?? true);
      into[at++] = isLast ? CLOSE_BRACKET : COMMA;
      if (isLast) return [at, i + 1];
    }
  }
}

export interface Run {
  /** Whether it holds calls that have been read; else it is a JSON array of events. */
  readonly isCalls: boolean;
  readonly bytes: Buffer;
}

export interface Opened {
  readonly sourceKind: string;
  readonly news: string;
  readonly runs: readonly Run[];
}

export function open(message: Buffer): Opened {
  let at = 1 + message.readUInt8(0);
  const sourceKind = message.toString('utf8', 1, at);
  const newsFrom = at + LENGTH_BYTES;
  at = newsFrom + message.readUInt32BE(at);
  const news = message.toString('utf8', newsFrom, at);
  const runs: Run[] = [];
  while (at < message.length) {
    const isCalls = message[at] === HOLDS.calls;
    const from = at + HEAD_BYTES;
    at = from + message.readUInt32BE(at + 1);
    runs.push({ isCalls, bytes: message.subarray(from, at) });
  }
  return { sourceKind, news, runs };
}
