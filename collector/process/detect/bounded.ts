/**
 * A table that never grows beyond its limit, in two generations: what was not used while half of the limit was filled
 * makes room, and that is counted. A look at what is in use moves nothing.
 */
export class Bounded<V> {
  readonly #half: number;
  readonly #onEvict: ((value: V) => void) | undefined;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  /** Entries that had to make room so far. */
  evicted = 0;

  constructor(limit: number, onEvict?: (value: V) => void) {
    this.#half = Math.max(1, limit >>> 1);
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Without marking it as used. */
  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** The entry, now in use; made by `create` when there is none. */
  use(key: string, create: () => V): V {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const known = this.#old.get(key);
    if (known !== undefined) this.#old.delete(key);
    if (this.#young.size >= this.#half) this.#turn();
    const value = known ?? create();
    this.#young.set(key, value);
    return value;
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  *entries(): Generator<[string, V]> {
    yield* this.#old.entries();
    yield* this.#young.entries();
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #turn(): void {
    this.evicted += this.#old.size;
    if (this.#onEvict) for (const value of this.#old.values()) this.#onEvict(value);
    this.#old = this.#young;
    this.#young = new Map();
  }
}
