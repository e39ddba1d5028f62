/**
 * Ids of a span as hex, written behind the bytes that it is read from, where all that is read of a call stands. Those of
 * a trace often stand behind each other, so its own is written once.
 */
import { view } from '../../calls/scratch.ts';

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** Both digits of each byte, as they stand in memory. */
const digits = new Uint16Array(
  Uint8Array.from(
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')),
  ).buffer,
);

export class SpanIds {
  /** Where the id of the event begins and ends, which is the trace's, a colon and the span's; the trace's begins there, too. */
  readonly from: number;
  readonly traceTo: number;
  readonly to: number;
  /** The words of the trace that was written last. */
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** `from`: a place of the scratch that nothing else is written to while spans are read. */
  constructor(from: number) {
    this.from = from;
    this.traceTo = from + TRACE_DIGITS;
    this.to = this.traceTo + 1 + SPAN_DIGITS;
  }

  /** Others have used the scratch. */
  forget(): void {
    this.#a = 0;
    this.#b = 0;
    this.#c = 0;
    this.#d = 0;
    view.setUint8(this.traceTo, ':'.charCodeAt(0));
  }

  /** Writes the ids that stand in two places; false when one is all zeros, which stands for none. */
  write(traceAt: number, spanAt: number): boolean {
    const a = view.getInt32(traceAt, true);
    const b = view.getInt32(traceAt + 4, true);
    const c = view.getInt32(traceAt + 8, true);
    const d = view.getInt32(traceAt + 12, true);
    const first = view.getInt32(spanAt, true);
    const second = view.getInt32(spanAt + 4, true);
    if ((a | b | c | d) === 0 || (first | second) === 0) return false;
    if (d !== this.#d || c !== this.#c || b !== this.#b || a !== this.#a) {
      this.#a = a;
      this.#b = b;
      this.#c = c;
      this.#d = d;
      writeHex(this.from, a);
      writeHex(this.from + 8, b);
      writeHex(this.from + 16, c);
      writeHex(this.from + 24, d);
    }
    writeHex(this.traceTo + 1, first);
    writeHex(this.traceTo + 9, second);
    return true;
  }
}

function writeHex(at: number, word: number): void {
  view.setUint16(at, digits[word & 255]!, true);
  view.setUint16(at + 2, digits[(word >>> 8) & 255]!, true);
  view.setUint16(at + 4, digits[(word >>> 16) & 255]!, true);
  view.setUint16(at + 6, digits[word >>> 24]!, true);
}
