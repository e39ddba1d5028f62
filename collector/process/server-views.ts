/**
 * The calls that servers themselves reported, by their traces: what views of gateways and clients are compared with.
 *
 * Nearly every call is one of these and nearly none is ever asked for, so noting one is a hash and a few numbers in a
 * typed array: 0.1 µs, where a map of traces took 0.9. A ring of the newest, chained by the hash of their trace. An entry that
 * is overwritten is not taken out of its chain, which would wait for memory twice: a chain ends at whoever is too old. Traces
 * are told by 64 bits: two that hash alike are as good as one trace, and callers choose those anyway.
 */
import Type, { type Static } from 'typebox';

/** A tool in a trace, with the number of its calls, is one entry. */
const ENTRIES = 100_000;
const PLACES = 131_072;
const BUCKETS = 131_072;
/** Beyond, further tools of the trace are not noted, so that no trace is long to walk through. */
const TOOLS_OF_A_TRACE = 100;
/** Entries of a bucket that are looked at; a few are, but callers can name traces that all come into one. */
const LOOKED_AT = 1_000;
/** Words of an entry in a snapshot. */
const NUMBERS = 4;
/** Words of an entry: two halves of the trace's hash, its calls, and the number of the next older one of its bucket. */
const LOW = 0;
const HIGH = 1;
const CALLS = 2;
const OLDER = 3;
const WORDS = 4;
/** Of the hash of a trace. */
const LOW_START = 0x9e37_79b9;
const HIGH_START = 0x85eb_ca6b;
const LOW_FACTOR = 2_654_435_761;
const HIGH_FACTOR = 1_597_334_677;
/** Older than any entry. */
const GONE = 2 ** 32;

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
  readonly #words = new Int32Array(PLACES * WORDS);
  readonly #tools: ToolOfServer[] = [];
  /** Of each bucket, the number of its newest entry. Entries are numbered as they come; the lowest bits are the place. */
  readonly #newest = new Int32Array(BUCKETS);
  #last = 0;
  #size = 0;
  #hashLow = 0;
  #hashHigh = 0;

  note(trace: string, tool: ToolOfServer): void {
    this.#hash(trace);
    this.#add(this.#hashLow, this.#hashHigh, tool, 1);
  }

  /** As `note`, of a trace that stands in bytes, all of them ASCII. */
  noteBytes(bytes: Buffer, from: number, to: number, tool: ToolOfServer): void {
    let low = LOW_START;
    let high = HIGH_START;
    for (let at = from; at < to; at++) {
      const code = bytes[at]!;
      low = Math.imul(low ^ code, LOW_FACTOR);
      high = Math.imul(high ^ code, HIGH_FACTOR);
    }
    this.#mix(low, high);
    this.#add(this.#hashLow, this.#hashHigh, tool, 1);
  }

  /** Visits each tool that servers reported in a trace. */
  of(trace: string, visit: (tool: ToolOfServer, calls: number) => void): void {
    this.#hash(trace);
    const [low, high] = [this.#hashLow, this.#hashHigh];
    let left = LOOKED_AT;
    for (let age = this.#newestAge(low); age < this.#size && left > 0; age = this.#nextAge(age), left--) {
      const place = this.#placeOf(age);
      if (this.#isOf(place, low, high)) visit(this.#tools[place]!, this.#words[place * WORDS + CALLS]!);
    }
  }

  snapshot(): Static<typeof savedServerViews> {
    const numbers = new Map<ToolOfServer, number>();
    const views = new Int32Array(this.#size * NUMBERS);
    for (let i = 0; i < this.#size; i++) {
      const place = this.#placeOf(this.#size - 1 - i);
      const tool = this.#tools[place]!;
      let number = numbers.get(tool);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(tool, number);
      }
      // One by one: a list of them for each entry took four times as long, in which nobody is answered.
      views[i * NUMBERS] = this.#words[place * WORDS + LOW]!;
      views[i * NUMBERS + 1] = this.#words[place * WORDS + HIGH]!;
      views[i * NUMBERS + 2] = number;
      views[i * NUMBERS + 3] = this.#words[place * WORDS + CALLS]!;
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
    const words = this.#words;
    let tools = 0;
    let left = LOOKED_AT;
    for (let age = this.#newestAge(low); age < this.#size && left > 0; age = this.#nextAge(age), left--) {
      const place = this.#placeOf(age);
      if (!this.#isOf(place, low, high)) continue;
      if (isSame(this.#tools[place]!, tool)) {
        words[place * WORDS + CALLS]! += calls;
        return;
      }
      if (++tools === TOOLS_OF_A_TRACE) return;
    }
    const bucket = low & (BUCKETS - 1);
    this.#last = (this.#last + 1) | 0;
    if (this.#size < ENTRIES) this.#size++;
    const place = this.#placeOf(0);
    words[place * WORDS + LOW] = low;
    words[place * WORDS + HIGH] = high;
    words[place * WORDS + CALLS] = calls;
    words[place * WORDS + OLDER] = this.#newest[bucket]!;
    this.#tools[place] = tool;
    this.#newest[bucket] = this.#last;
  }

  /** How many entries came after that one: those that are in the ring are younger than its size. */
  #ageOf(entry: number): number {
    return (this.#last - entry) >>> 0;
  }

  #placeOf(age: number): number {
    return (this.#last - age) & (PLACES - 1);
  }

  #newestAge(low: number): number {
    return this.#ageOf(this.#newest[low & (BUCKETS - 1)]!);
  }

  /** A number comes again after four thousand million entries: what seems younger then is long gone. */
  #nextAge(age: number): number {
    const next = this.#ageOf(this.#words[this.#placeOf(age) * WORDS + OLDER]!);
    return next > age ? next : GONE;
  }

  #isOf(place: number, low: number, high: number): boolean {
    return this.#words[place * WORDS + LOW] === low && this.#words[place * WORDS + HIGH] === high;
  }

  #hash(trace: string): void {
    let low = LOW_START;
    let high = HIGH_START;
    for (let i = 0; i < trace.length; i++) {
      const code = trace.charCodeAt(i);
      low = Math.imul(low ^ code, LOW_FACTOR);
      high = Math.imul(high ^ code, HIGH_FACTOR);
    }
    this.#mix(low, high);
  }

  #mix(low: number, high: number): void {
    this.#hashLow = (Math.imul(low ^ (low >>> 15), 2_246_822_507) ^ high) | 0;
    this.#hashHigh = (Math.imul(high ^ (high >>> 13), 3_266_489_909) ^ low) | 0;
  }
}

/** A known tool is one object; of others there is a new one with each call. */
const isSame = (one: ToolOfServer, other: ToolOfServer): boolean =>
  one === other || (one.tool === other.tool && one.server === other.server);
