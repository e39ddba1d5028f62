/**
 * The events of one request that go to one other process, in their order, as one message.
 *
 * Bytes: length of the kind of source (1), the kind; then runs of events, each its length (4, big-endian) and a JSON
 * array. Events stand in it as they were sent, so that they are copied once and parsed once.
 */
import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../receive/json-bytes.ts';
import { FRAME_HEAD_BYTES, newFrame } from './frames.ts';

/** About a hundred events: parsing costs the least at this size, and holds nobody up. */
const RUN_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;
/** The length and the bracket that opens. */
const RUN_HEAD_BYTES = LENGTH_BYTES + 1;

export class Parcel {
  readonly to: number;
  readonly sourceKind: string;
  /** Where each event stood in the request. */
  readonly indexes: number[] = [];
  readonly #events: Buffer[] = [];
  readonly #from: number[] = [];
  readonly #until: number[] = [];
  #bytes = 0;

  constructor(to: number, sourceKind: string) {
    this.to = to;
    this.sourceKind = sourceKind;
  }

  /** Adds the event that stands in `bytes` at a place. */
  add(index: number, bytes: Buffer, from: number, until: number): void {
    this.indexes.push(index);
    this.#events.push(bytes);
    this.#from.push(from);
    this.#until.push(until);
    this.#bytes += until - from;
  }

  /** All of it as a frame. */
  frame(number: number): Buffer {
    const kind = Buffer.from(this.sourceKind);
    const events = this.#events.length;
    // Each event has a comma or a bracket behind it.
    const content = this.#bytes + events;
    const mostRuns = 1 + Math.floor(content / (RUN_BYTES - RUN_HEAD_BYTES));
    const most = 1 + kind.length + mostRuns * RUN_HEAD_BYTES + content;
    const frame = newFrame(number, most);
    let at = frame.writeUInt8(kind.length, FRAME_HEAD_BYTES);
    at += kind.copy(frame, at);
    let run = at;
    for (let i = 0; i < events; i++) {
      if (at === run) {
        at += LENGTH_BYTES;
        frame[at++] = OPEN_BRACKET;
      }
      at += this.#events[i]!.copy(frame, at, this.#from[i], this.#until[i]);
      const isLast = i === events - 1 || at - run >= RUN_BYTES;
      frame[at++] = isLast ? CLOSE_BRACKET : COMMA;
      if (!isLast) continue;
      frame.writeUInt32BE(at - run - LENGTH_BYTES, run);
      run = at;
    }
    frame.writeUInt32BE(at - FRAME_HEAD_BYTES, 0);
    return frame.subarray(0, at);
  }
}

export interface Opened {
  readonly sourceKind: string;
  /** JSON arrays of events. */
  readonly runs: readonly Buffer[];
}

export function open(message: Buffer): Opened {
  let at = 1 + message.readUInt8(0);
  const sourceKind = message.toString('utf8', 1, at);
  const runs: Buffer[] = [];
  while (at < message.length) {
    const from = at + LENGTH_BYTES;
    at = from + message.readUInt32BE(at);
    runs.push(message.subarray(from, at));
  }
  return { sourceKind, runs };
}
