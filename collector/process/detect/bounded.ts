/** A table that never grows beyond its limit: what was not used for longest makes room, and that is counted. */
export class Bounded<V> {
  readonly #limit: number;
  readonly #onEvict: ((value: V) => void) | undefined;
  readonly #entries = new Map<string, V>();
  /** Entries that had to make room so far. */
  evicted = 0;

  constructor(limit: number, onEvict?: (value: V) => void) {
    this.#limit = limit;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Without marking it as used. */
  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** The entry, now the last to make room; made by `create` when there is none. */
  use(key: string, create: () => V): V {
    const known = this.#entries.get(key);
    if (known !== undefined) this.#entries.delete(key);
    const value = known ?? create();
    this.#entries.set(key, value);
    if (this.#entries.size > this.#limit) {
      const [oldest, gone] = this.#entries.entries().next().value as [string, V];
      this.#entries.delete(oldest);
      this.#onEvict?.(gone);
      this.evicted++;
    }
    return value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** The one not used for longest first. */
  entries(): IterableIterator<[string, V]> {
    return this.#entries.entries();
  }

  clear(): void {
    this.#entries.clear();
  }
}
