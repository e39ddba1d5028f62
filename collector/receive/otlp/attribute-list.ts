/**
 * The attributes of one span, record or process: a dozen at most, so two arrays searched in order take a third of the time
 * of a Map to fill and are as fast to read. Keys that the decoder knows are the same string objects each time, which
 * makes comparing them cheap. A key such as `__proto__` is only a key.
 */
import type { Attributes, AttributeValue } from './record.ts';

/** From here on a hash table is faster; only a hostile record has so many keys that anybody asks for. */
const LISTED = 64;

export class AttributeList implements Attributes {
  readonly #keys: string[] = [];
  readonly #values: AttributeValue[] = [];
  /** Where each key stands, once there are many. */
  #places: Map<string, number> | undefined;

  get size(): number {
    return this.#keys.length;
  }

  /** Of two values with the same key, the later holds. */
  set(key: string, value: AttributeValue): void {
    const place = this.#placeOf(key);
    if (place >= 0) {
      this.#values[place] = value;
      return;
    }
    this.add(key, value);
  }

  /** As `set`, for a key that is known not to be there. */
  add(key: string, value: AttributeValue): void {
    this.#keys.push(key);
    this.#values.push(value);
    if (this.#places) this.#places.set(key, this.#keys.length - 1);
    else if (this.#keys.length > LISTED) this.#places = new Map(this.#keys.map((each, i) => [each, i]));
  }

  get(key: string): AttributeValue | undefined {
    const place = this.#placeOf(key);
    return place < 0 ? undefined : this.#values[place];
  }

  has(key: string): boolean {
    return this.#placeOf(key) >= 0;
  }

  keyAt(index: number): string {
    return this.#keys[index] as string;
  }

  valueAt(index: number): AttributeValue {
    return this.#values[index] as AttributeValue;
  }

  clear(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
    this.#places = undefined;
  }

  *[Symbol.iterator](): Generator<[string, AttributeValue]> {
    for (let i = 0; i < this.#keys.length; i++) yield [this.keyAt(i), this.valueAt(i)];
  }

  toJSON(): [string, AttributeValue][] {
    return [...this];
  }

  #placeOf(key: string): number {
    if (this.#places) return this.#places.get(key) ?? -1;
    const keys = this.#keys;
    for (let i = 0; i < keys.length; i++) if (keys[i] === key) return i;
    return -1;
  }
}

export const NO_ATTRIBUTES = new AttributeList();
