/**
 * The fingerprints of what a session was given, each with the call that gave it: 24 bits of the keyed hash and 8 of the
 * call's index in one number. Two generations of an open-addressed table, so that the oldest make room and the memory
 * of a session stays below 16 KiB.
 */
const CALL_BITS = 0xff;
/** From this one on, calls are told apart no more. */
export const LAST_TOLD_CALL = CALL_BITS - 1;
const FIRST_SLOTS = 64;
/** Of a session that gave nothing yet; nothing is written to it. */
const NOTHING = new Uint32Array(1);
const MOST_SLOTS = 2_048;
const FULL = 0.75;
/** The objects around the tables. */
const OVERHEAD_BYTES = 512;

export class Fingerprints {
  #young: Uint32Array = NOTHING;
  #old: Uint32Array | undefined;
  #count = 0;
  /** Fingerprints that made room. */
  forgotten = 0;

  get bytes(): number {
    return OVERHEAD_BYTES + this.#young.byteLength + (this.#old?.byteLength ?? 0);
  }

  /** Makes room for so many more at once, as far as the limit allows. */
  reserve(more: number): void {
    let slots = Math.max(FIRST_SLOTS, this.#young.length);
    while (slots < MOST_SLOTS && this.#count + more > slots * FULL) slots *= 2;
    if (slots > this.#young.length) this.#widen(slots);
  }

  add(hash: number, call: number): void {
    if (this.find(hash) !== undefined) return;
    if (this.#young === NOTHING || this.#count >= this.#young.length * FULL) this.#makeRoom();
    insert(this.#young, packed(hash, call));
    this.#count++;
  }

  /** Index of the call that gave it, at most 254; undefined when none did. */
  find(hash: number): number | undefined {
    return find(this.#young, hash) ?? (this.#old ? find(this.#old, hash) : undefined);
  }

  forget(): void {
    this.forgotten += this.#count;
    this.#young = NOTHING;
    this.#old = undefined;
    this.#count = 0;
  }

  #widen(slots: number): void {
    const wider = new Uint32Array(slots);
    if (this.#count > 0) for (const entry of this.#young) if (entry !== 0) insert(wider, entry);
    this.#young = wider;
  }

  #makeRoom(): void {
    if (this.#young.length < MOST_SLOTS) {
      this.#widen(Math.max(FIRST_SLOTS, this.#young.length * 2));
      return;
    }
    if (this.#old) this.forgotten += MOST_SLOTS * FULL;
    this.#old = this.#young;
    this.#young = new Uint32Array(MOST_SLOTS);
    this.#count = 0;
  }
}

/** Never 0: the call's part starts at 1. */
const packed = (hash: number, call: number): number =>
  ((hash & ~CALL_BITS) | Math.min(call + 1, CALL_BITS)) >>> 0;

function insert(table: Uint32Array, entry: number): void {
  const mask = table.length - 1;
  let slot = (entry >>> 8) & mask;
  while (table[slot] !== 0) slot = (slot + 1) & mask;
  table[slot] = entry;
}

function find(table: Uint32Array, hash: number): number | undefined {
  const mask = table.length - 1;
  const wanted = hash >>> 8;
  for (let slot = wanted & mask; table[slot] !== 0; slot = (slot + 1) & mask)
    if (table[slot]! >>> 8 === wanted) return (table[slot]! & CALL_BITS) - 1;
  return undefined;
}
