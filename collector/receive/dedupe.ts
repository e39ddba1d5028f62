/**
 * The ids of the newest events, to tell a repeated event: as many as configured, the oldest out first.
 *
 * Kept as 64-bit hashes in typed arrays: 16 bytes an id plus the table, whatever its length. Two ids that hash alike
 * would cost the second event; with a million ids kept, that is one event in 10^13. The seed is secret, but nothing
 * rests on it: who can send events can as well send another's id itself.
 */

const ID_BYTES = 8;

const SMALLEST_CAPACITY = 1_024;

export class SeenIds {
  readonly #limit: number;
  readonly #seedLow: number;
  readonly #seedHigh: number;
  /** Halves of the hashes, oldest at `#oldest`, around a ring. */
  #low: Int32Array;
  #high: Int32Array;
  #oldest = 0;
  #size = 0;
  /**
   * Open addressing with linear probing; 0 when empty, else a place in the ring plus one, and in the bits above it the
   * highest of the hash, so that the ring is looked at for nearly none but the id itself.
   */
  #table: Int32Array;
  /** The bits of a table's entry that are a place. */
  #placeBits: number;
  /** The hash of the id that was hashed last: two 32-bit words, signed, since the engine keeps such numbers without a box. */
  hashLow = 0;
  hashHigh = 0;

  /** `limit`: how many ids are kept. `seed`: at least 8 bytes, the same as long as a dump is to be loaded again. */
  constructor(limit: number, seed: Buffer) {
    this.#limit = limit;
    this.#seedLow = seed.readUInt32LE(0);
    this.#seedHigh = seed.readUInt32LE(4);
    const capacity = Math.min(limit, SMALLEST_CAPACITY);
    this.#low = new Int32Array(capacity);
    this.#high = new Int32Array(capacity);
    this.#table = new Int32Array(tableSize(capacity));
    this.#placeBits = placeBits(capacity);
  }

  get size(): number {
    return this.#size;
  }

  has(id: string): boolean {
    this.hash(id);
    return this.hasHash(this.hashLow, this.hashHigh);
  }

  /** Remembers an id: `known` when it was already, `evicted` when the oldest had to go for it, else `added`. */
  add(id: string): 'known' | 'added' | 'evicted' {
    this.hash(id);
    return this.addHash(this.hashLow, this.hashHigh);
  }

  /** Reads where an id would stand, so that it is near when the id is asked for. */
  fetch(low: number): number {
    return this.#table[low & (this.#table.length - 1)]!;
  }

  /** As `has`, for an id whose hash is known. */
  hasHash(low: number, high: number): boolean {
    return this.#table[this.#find(low, high)] !== 0;
  }

  /** As `add`, for an id whose hash is known. */
  addHash(low: number, high: number): 'known' | 'added' | 'evicted' {
    return this.#insert(low, high);
  }

  /** The hashes, oldest first, to be kept in a snapshot. */
  dump(): Buffer {
    const words = new Int32Array(this.#size * 2);
    this.#unroll(this.#low, words, 0);
    this.#unroll(this.#high, words, this.#size);
    return Buffer.from(words.buffer);
  }

  /** Adds what another instance with the same seed dumped. */
  load(dump: Buffer): void {
    const size = Math.floor(dump.length / ID_BYTES);
    const words = new Int32Array(size * 2);
    // Copied, since words cannot begin at any byte.
    Buffer.from(words.buffer).set(dump.subarray(0, size * ID_BYTES));
    for (let i = 0; i < size; i++) this.#insert(words[i]!, words[size + i]!);
  }

  /** Copies a ring to a place, its oldest first. At once: a million ids one by one would keep everyone waiting. */
  #unroll(ring: Int32Array, into: Int32Array, at: number): void {
    const toEnd = Math.min(this.#size, ring.length - this.#oldest);
    into.set(ring.subarray(this.#oldest, this.#oldest + toEnd), at);
    into.set(ring.subarray(0, this.#size - toEnd), at + toEnd);
  }

  #insert(low: number, high: number): 'known' | 'added' | 'evicted' {
    let slot = this.#find(low, high);
    if (this.#table[slot] !== 0) return 'known';
    const full = this.#size === this.#limit;
    if (full) this.#evict();
    else if (this.#size === this.#low.length) this.#grow();
    // Both move table entries.
    slot = this.#find(low, high);
    const place = (this.#oldest + this.#size++) % this.#low.length;
    this.#low[place] = low;
    this.#high[place] = high;
    this.#table[slot] = this.#entry(place);
    return full ? 'evicted' : 'added';
  }

  /** The slot that holds a hash, or the empty one where it belongs. */
  #find(low: number, high: number): number {
    const mask = this.#table.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]!;
      if (entry === 0) return slot;
      if (((entry ^ high) & ~this.#placeBits) !== 0) continue;
      const place = (entry & this.#placeBits) - 1;
      if (this.#low[place] === low && this.#high[place] === high) return slot;
    }
  }

  #entry(place: number): number {
    return (this.#high[place]! & ~this.#placeBits) | (place + 1);
  }

  #evict(): void {
    const mask = this.#table.length - 1;
    let hole = this.#find(this.#low[this.#oldest]!, this.#high[this.#oldest]!);
    this.#oldest = (this.#oldest + 1) % this.#low.length;
    this.#size--;
    // Entries behind the hole move up unless they would come to stand before their own first slot (Knuth 6.4 R).
    for (let slot = (hole + 1) & mask; this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      const first = this.#low[(this.#table[slot]! & this.#placeBits) - 1]! & mask;
      if (((slot - first) & mask) < ((slot - hole) & mask)) continue;
      this.#table[hole] = this.#table[slot]!;
      hole = slot;
    }
    this.#table[hole] = 0;
  }

  /** Doubles the ring, which has not gone round yet: nothing is evicted before the limit. */
  #grow(): void {
    const capacity = Math.min(this.#low.length * 2, this.#limit);
    const [low, high] = [this.#low, this.#high];
    this.#low = new Int32Array(capacity);
    this.#high = new Int32Array(capacity);
    this.#low.set(low);
    this.#high.set(high);
    this.#table = new Int32Array(tableSize(capacity));
    this.#placeBits = placeBits(capacity);
    for (let place = 0; place < this.#size; place++)
      this.#table[this.#find(low[place]!, high[place]!)] = this.#entry(place);
  }

  /** Hashes an id: two multiplicative hashes, mixed at the end (after cyrb53 by bryc, public domain). */
  hash(id: string): void {
    let low = this.#seedLow;
    let high = this.#seedHigh;
    for (let i = 0; i < id.length; i++) {
      const code = id.charCodeAt(i);
      low = Math.imul(low ^ code, 2_654_435_761);
      high = Math.imul(high ^ code, 1_597_334_677);
    }
    this.#mix(low, high);
  }

  /** As `hash`, for an id that stands in bytes, all of them ASCII. */
  hashBytes(bytes: Buffer, from: number, to: number): void {
    let low = this.#seedLow;
    let high = this.#seedHigh;
    for (let at = from; at < to; at++) {
      const code = bytes[at]!;
      low = Math.imul(low ^ code, 2_654_435_761);
      high = Math.imul(high ^ code, 1_597_334_677);
    }
    this.#mix(low, high);
  }

  #mix(low: number, high: number): void {
    const mixed =
      Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
    this.hashLow = mixed;
    this.hashHigh =
      Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(mixed ^ (mixed >>> 13), 3_266_489_909);
  }
}

/** Enough bits for the places of a ring, each plus one. */
const placeBits = (capacity: number) => 2 ** Math.ceil(Math.log2(capacity + 1)) - 1;
/** A power of two that leaves the table at most half full. */
const tableSize = (capacity: number) => 2 ** Math.ceil(Math.log2(capacity * 2));
