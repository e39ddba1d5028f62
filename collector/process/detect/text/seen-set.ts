/**
 * Remembers which hashes were seen, in bounded memory, and forgets the oldest: two generations of an open-addressed
 * table. When the young one is full it becomes the old one; what is seen again moves to the young one.
 */
const EMPTY = 0;
const FULL = 0.75;

export class SeenSet {
  readonly #limit: number;
  #young: Uint32Array;
  #old: Uint32Array = new Uint32Array(8);
  #count = 0;
  /** Hashes forgotten so far, at most. */
  forgotten = 0;

  /** Remembers at least `limit` and at most twice as many, in 8 bytes each at most; a power of two. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#young = new Uint32Array(16);
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

  #grow(): void {
    if (this.#count < this.#limit) {
      const wider = new Uint32Array(this.#young.length * 2);
      for (const hash of this.#young) if (hash !== EMPTY) insert(wider, hash);
      this.#young = wider;
      return;
    }
    this.forgotten += this.#old.reduce((sum, hash) => sum + (hash === EMPTY ? 0 : 1), 0);
    this.#old = this.#young;
    this.#young = new Uint32Array(16);
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
