/**
 * The events of one request that go to one other process, in their order, as one message.
 *
 * Bytes: length of the kind of source (1), the kind; then runs of events, each its length (4, big-endian) and a JSON
 * array. Events stand in it as they were sent, so that they are copied once and parsed once.
 */
import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../receive/json-bytes.ts';

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

  /** How many bytes it takes at the most. */
  get mostBytes(): number {
    // Each event has a comma or a bracket behind it.
    const content = this.#bytes + this.#events.length;
    const mostRuns = 1 + Math.floor(content / (RUN_BYTES - RUN_HEAD_BYTES));
    return 1 + Buffer.byteLength(this.sourceKind) + mostRuns * RUN_HEAD_BYTES + content;
  }

  /** Writes all of it from a place on, and answers where it ends. */
  write(into: Buffer, from: number): number {
    const kind = Buffer.from(this.sourceKind);
    let at = into.writeUInt8(kind.length, from);
    at += kind.copy(into, at);
    let run = at;
    const events = this.#events.length;
    for (let i = 0; i < events; i++) {
      if (at === run) {
        at += LENGTH_BYTES;
        into[at++] = OPEN_BRACKET;
      }
      at += this.#events[i]!.copy(into, at, this.#from[i], this.#until[i]);
      const isLast = i === events - 1 || at - run >= RUN_BYTES;
      into[at++] = isLast ? CLOSE_BRACKET : COMMA;
      if (!isLast) continue;
      into.writeUInt32BE(at - run - LENGTH_BYTES, run);
      run = at;
    }
    return at;
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
