/**
 * Lists of 32-bit numbers for many owners, in pages that they share: a list of ten takes 48 bytes, as an array of the
 * engine's 184. An owner keeps the address of its list and how many words it has; it gives the list back when it is done.
 *
 * Sizes go up by a half or a third, so at most a third of a list is empty, and what is given back serves the next list
 * of its size.
 */

const PAGE_BITS = 14;
const PAGE_WORDS = 2 ** PAGE_BITS;
const SMALLEST_WORDS = 4;

export class Blocks {
  readonly #pages: Uint32Array[] = [];
  /** Addresses that were given back, by the size of their block. */
  readonly #free = new Map<number, number[]>();
  /** Where the page that is being filled has room. */
  #next = 0;
  #end = 0;

  /** The page that a list stands in, from `indexOf` its address on. */
  pageOf(address: number): Uint32Array {
    return this.#pages[address >>> PAGE_BITS] as Uint32Array;
  }

  indexOf(address: number): number {
    return address & (PAGE_WORDS - 1);
  }

  /**
   * Where a list of `used` words has room for `more`: where it is, or elsewhere with all that stood in it. A list of no
   * words has no address yet, whatever is given.
   */
  withRoom(address: number, used: number, more: number): number {
    const room = sizeOf(used);
    if (used + more <= room) return address;
    const moved = this.#take(sizeOf(used + more));
    if (used === 0) return moved;
    const from = this.indexOf(address);
    this.pageOf(moved).set(this.pageOf(address).subarray(from, from + used), this.indexOf(moved));
    this.release(address, used);
    return moved;
  }

  /** Where a list of `used` words is without its first `dropped`. */
  without(address: number, used: number, dropped: number): number {
    const moved = this.#take(sizeOf(used - dropped));
    const from = this.indexOf(address);
    this.pageOf(moved).set(this.pageOf(address).subarray(from + dropped, from + used), this.indexOf(moved));
    this.release(address, used);
    return moved;
  }

  /** Takes a list of `used` words back. */
  release(address: number, used: number): void {
    if (used === 0) return;
    const size = sizeOf(used);
    const free = this.#free.get(size);
    if (free) free.push(address);
    else this.#free.set(size, [address]);
  }

  #take(size: number): number {
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) return free;
    if (size > PAGE_WORDS) {
      this.#pages.push(new Uint32Array(size));
      return (this.#pages.length - 1) * PAGE_WORDS;
    }
    if (this.#next + size > this.#end) {
      this.#pages.push(new Uint32Array(PAGE_WORDS));
      this.#end = this.#pages.length * PAGE_WORDS;
      this.#next = this.#end - PAGE_WORDS;
    }
    const address = this.#next;
    this.#next += size;
    return address;
  }
}

/** Words of the block that a list of `words` stands in: 4, 6, 8, 12, 16, 24 … */
function sizeOf(words: number): number {
  if (words === 0) return 0;
  if (words <= SMALLEST_WORDS) return SMALLEST_WORDS;
  const power = 2 ** (31 - Math.clz32(words - 1));
  return words <= power * 1.5 ? power * 1.5 : power * 2;
}
