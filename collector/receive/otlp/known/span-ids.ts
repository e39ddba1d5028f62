/** Ids of spans in the scratch: those of a trace often stand behind each other, so its own is written once. */
import { view } from '../../calls/scratch.ts';

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
/** The event's id is the trace's, a colon and the span's; the span's begins at an even place, to be written two by two. */
const FROM = 1;
const COLON_AT = FROM + TRACE_DIGITS;
const SPAN_AT = COLON_AT + 1;
const END = SPAN_AT + SPAN_DIGITS;

/** Both digits of each byte, as they stand in memory. */
const digits = new Uint16Array(
  Uint8Array.from(
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')),
  ).buffer,
);

export class SpanIds {
  readonly #bytes = Buffer.from(new ArrayBuffer(SPAN_AT + TRACE_DIGITS));
  readonly #pairs = new Uint16Array(this.#bytes.buffer);
  /** The words of the trace that was read last. */
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  trace = '';
  /** Of the event. */
  id = '';

  constructor() {
    this.#bytes[COLON_AT] = ':'.charCodeAt(0);
  }

  /** Reads a trace's id and a span's; false when one is all zeros, which stands for none. */
  read(traceAt: number, spanAt: number): boolean {
    const a = view.getInt32(traceAt, true);
    const b = view.getInt32(traceAt + 4, true);
    const c = view.getInt32(traceAt + 8, true);
    const d = view.getInt32(traceAt + 12, true);
    const first = view.getInt32(spanAt, true);
    const second = view.getInt32(spanAt + 4, true);
    if ((a | b | c | d) === 0 || (first | second) === 0) return false;
    if (d !== this.#d || c !== this.#c || b !== this.#b || a !== this.#a) this.#newTrace(a, b, c, d);
    this.#write(SPAN_AT / 2, first);
    this.#write(SPAN_AT / 2 + 4, second);
    this.id = this.#bytes.toString('latin1', FROM, END);
    return true;
  }

  #newTrace(a: number, b: number, c: number, d: number): void {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
    const at = SPAN_AT / 2;
    for (const [i, word] of [a, b, c, d].entries()) this.#write(at + 4 * i, word);
    this.trace = this.#bytes.toString('latin1', SPAN_AT, SPAN_AT + TRACE_DIGITS);
    this.#bytes.copyWithin(FROM, SPAN_AT, SPAN_AT + TRACE_DIGITS);
  }

  #write(pair: number, word: number): void {
    this.#pairs[pair] = digits[word & 255]!;
    this.#pairs[pair + 1] = digits[(word >>> 8) & 255]!;
    this.#pairs[pair + 2] = digits[(word >>> 16) & 255]!;
    this.#pairs[pair + 3] = digits[word >>> 24]!;
  }
}
