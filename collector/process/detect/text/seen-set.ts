/**
 * Remembers which hashes were seen, in bounded memory, and forgets the oldest: two generations of an open-addressed
 * table. When the young one is full it becomes the old one; what is seen again moves to the young one.
 */
const EMPTY = 0;
const FULL = 0.75;
const FIRST_SLOTS = 16;
/** Of all sets that have not turned yet; nothing is written to it. */
const NOTHING = new Uint32Array(1);

export class SeenSet {
  readonly #limit: number;
  #young: Uint32Array;
  #old: Uint32Array = NOTHING;
  #count = 0;
  /** Hashes forgotten so far, at most. */
  forgotten = 0;

  /** Remembers at least `limit` and at most twice as many, in 8 bytes each at most; a power of two. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#young = new Uint32Array(FIRST_SLOTS);
  }

  get size(): number {
    return this.#count;
  }

  has(hash: number): boolean {
    return find(this.#young, hash) || find(this.#old, hash);
  }

  /** False when it was there already. */
  add(hash: number): boolean {
    if (find(this.#young, hash)) return false;
    const fresh = !find(this.#old, hash);
    if (this.#count >= this.#young.length * FULL) this.#grow();
    insert(this.#young, hash);
    this.#count++;
    return fresh;
  }

  /** Makes room for so many more at once, as far as the limit allows. */
  reserve(more: number): void {
    const wanted = Math.min(this.#limit, this.#count + more);
    let slots = this.#young.length;
    while (slots * FULL <= wanted) slots *= 2;
    if (slots > this.#young.length) this.#widen(slots);
  }

  #widen(slots: number): void {
    const wider = new Uint32Array(slots);
    if (this.#count > 0) for (const hash of this.#young) if (hash !== EMPTY) insert(wider, hash);
    this.#young = wider;
  }

  #grow(): void {
    if (this.#count < this.#limit) {
      this.#widen(this.#young.length * 2);
      return;
    }
    this.forgotten += this.#old.reduce((sum, hash) => sum + (hash === EMPTY ? 0 : 1), 0);
    this.#old = this.#young;
    this.#young = new Uint32Array(FIRST_SLOTS);
    this.#count = 0;
  }

  *all(): Generator<number> {
    for (const table of [this.#old, this.#young]) for (const hash of table) if (hash !== EMPTY) yield hash;
  }

  /** All of them, base64 of 32-bit numbers. */
  snapshot(): string {
    const all = [...this.#old, ...this.#young].filter((hash) => hash !== EMPTY);
    return Buffer.from(Uint32Array.from(all).buffer).toString('base64');
  }

  restore(saved: string): void {
    const bytes = Buffer.from(saved, 'base64');
    for (let i = 0; i + 4 <= bytes.length; i += 4) this.add(bytes.readUInt32LE(i));
  }
}

function find(table: Uint32Array, hash: number): boolean {
  const mask = table.length - 1;
  const wanted = hash === EMPTY ? 1 : hash;
  for (let slot = wanted & mask; table[slot] !== EMPTY; slot = (slot + 1) & mask)
    if (table[slot] === wanted) return true;
  return false;
}

function insert(table: Uint32Array, hash: number): void {
  const mask = table.length - 1;
  const wanted = hash === EMPTY ? 1 : hash;
  let slot = wanted & mask;
  while (table[slot] !== EMPTY) slot = (slot + 1) & mask;
  table[slot] = wanted;
}
