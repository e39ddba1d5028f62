/**
 * The calls that servers themselves reported, by their traces: what views of gateways and clients are compared with.
 *
 * Nearly every call is one of these and nearly none is ever asked for, so noting one is a hash and a few numbers in
 * typed arrays: 0.1 µs, where a map of traces took 0.9. A ring of the newest, chained by the hash of their trace. Traces
 * are told by 64 bits: two that hash alike are as good as one trace, and callers choose those anyway.
 */
import Type, { type Static } from 'typebox';

/** A tool in a trace, with the number of its calls, is one entry. */
export const ENTRIES = 100_000;
const BUCKETS = 131_072;
/** Beyond, further tools of the trace are not noted, so that no trace is long to walk through. */
const TOOLS_OF_A_TRACE = 100;
const NUMBERS = 4;
const NONE = -1;

export interface ToolOfServer {
  readonly server: string;
  readonly tool: string;
}

export const savedServerViews = Type.Object({
  tools: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  /** Two halves of the trace's hash, the tool's number and its calls: 32-bit numbers in base64, the oldest first. */
  views: Type.String(),
});

export class ServerViews {
  readonly #low = new Int32Array(ENTRIES);
  readonly #high = new Int32Array(ENTRIES);
  readonly #calls = new Int32Array(ENTRIES);
  readonly #tools: ToolOfServer[] = [];
  /** Next older entry of the bucket. */
  readonly #older = new Int32Array(ENTRIES);
  readonly #newest = new Int32Array(BUCKETS).fill(NONE);
  #oldest = 0;
  #hashLow = 0;
  #hashHigh = 0;

  note(trace: string, tool: ToolOfServer): void {
    this.#hash(trace);
    this.#add(this.#hashLow, this.#hashHigh, tool, 1);
  }

  /** Visits each tool that servers reported in a trace. */
  of(trace: string, visit: (tool: ToolOfServer, calls: number) => void): void {
    this.#hash(trace);
    const [low, high] = [this.#hashLow, this.#hashHigh];
    for (let at = this.#newest[low & (BUCKETS - 1)]!; at !== NONE; at = this.#older[at]!)
      if (this.#low[at] === low && this.#high[at] === high) visit(this.#tools[at]!, this.#calls[at]!);
  }

  snapshot(): Static<typeof savedServerViews> {
    const numbers = new Map<ToolOfServer, number>();
    const views = new Int32Array(this.#tools.length * NUMBERS);
    for (let i = 0; i < this.#tools.length; i++) {
      const at = (this.#oldest + i) % this.#tools.length;
      const tool = this.#tools[at]!;
      let number = numbers.get(tool);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(tool, number);
      }
      // One by one: a list of them for each entry took four times as long, in which nobody is answered.
      views[i * NUMBERS] = this.#low[at]!;
      views[i * NUMBERS + 1] = this.#high[at]!;
      views[i * NUMBERS + 2] = number;
      views[i * NUMBERS + 3] = this.#calls[at]!;
    }
    return {
      tools: [...numbers.keys()].map(({ server, tool }) => [server, tool]),
      views: Buffer.from(views.buffer).toString('base64'),
    };
  }

  restore({ tools, views }: Static<typeof savedServerViews>): void {
    const known = tools.map(([server, tool]) => ({ server, tool }));
    const bytes = Buffer.from(views, 'base64');
    const word = (entry: number, i: number) => bytes.readInt32LE((entry * NUMBERS + i) * 4);
    for (let entry = 0; (entry + 1) * NUMBERS * 4 <= bytes.length; entry++) {
      const tool = known[word(entry, 2)];
      if (tool) this.#add(word(entry, 0), word(entry, 1), tool, word(entry, 3));
    }
  }

  #add(low: number, high: number, tool: ToolOfServer, calls: number): void {
    const bucket = low & (BUCKETS - 1);
    let tools = 0;
    for (let at = this.#newest[bucket]!; at !== NONE; at = this.#older[at]!) {
      if (this.#low[at] !== low || this.#high[at] !== high) continue;
      if (isSame(this.#tools[at]!, tool)) {
        this.#calls[at] = this.#calls[at]! + calls;
        return;
      }
      if (++tools === TOOLS_OF_A_TRACE) return;
    }
    const at = this.#oldest;
    if (at < this.#tools.length) this.#unlink(at);
    this.#oldest = (at + 1) % ENTRIES;
    this.#low[at] = low;
    this.#high[at] = high;
    this.#calls[at] = calls;
    this.#tools[at] = tool;
    this.#older[at] = this.#newest[bucket]!;
    this.#newest[bucket] = at;
  }

  /** Takes the oldest entry of all out of its bucket, where it is the last. */
  #unlink(oldest: number): void {
    const bucket = this.#low[oldest]! & (BUCKETS - 1);
    let at = this.#newest[bucket]!;
    if (at === oldest) {
      this.#newest[bucket] = NONE;
      return;
    }
    while (this.#older[at] !== oldest) at = this.#older[at]!;
    this.#older[at] = NONE;
  }

  #hash(trace: string): void {
    let low = 0x9e37_79b9;
    let high = 0x85eb_ca6b;
    for (let i = 0; i < trace.length; i++) {
      const code = trace.charCodeAt(i);
      low = Math.imul(low ^ code, 2_654_435_761);
      high = Math.imul(high ^ code, 1_597_334_677);
    }
    this.#hashLow = (Math.imul(low ^ (low >>> 15), 2_246_822_507) ^ high) | 0;
    this.#hashHigh = (Math.imul(high ^ (high >>> 13), 3_266_489_909) ^ low) | 0;
  }
}

/** A known tool is one object; of others there is a new one with each call. */
const isSame = (one: ToolOfServer, other: ToolOfServer): boolean =>
  one === other || (one.tool === other.tool && one.server === other.server);
