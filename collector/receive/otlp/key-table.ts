/** Finds out whether bytes are one of a set of keys, without making a string of them. */
import type { WantedKeys } from './record.ts';

interface Entry {
  readonly key: string;
  readonly bytes: Buffer;
}

const SLOTS = 1_024;

export class KeyTable implements WantedKeys {
  readonly #keys: ReadonlySet<string>;
  readonly #slots: Entry[][] = Array.from({ length: SLOTS }, () => []);

  constructor(keys: Iterable<string>) {
    this.#keys = new Set(keys);
    for (const key of this.#keys) {
      const bytes = Buffer.from(key);
      this.#slots[slotOf(bytes, 0, bytes.length)]?.push({ key, bytes });
    }
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** The key that stands at `start` to `end`, or undefined when it is none of the set. */
  find(bytes: Buffer, start: number, end: number): string | undefined {
    for (const entry of this.#slots[slotOf(bytes, start, end)] as Entry[]) {
      if (equals(entry.bytes, bytes, start, end)) return entry.key;
    }
    return undefined;
  }
}

/** Length, last byte and middle byte tell attribute keys apart, which share their first bytes. */
function slotOf(bytes: Buffer, start: number, end: number): number {
  if (start === end) return 0;
  const last = bytes[end - 1] as number;
  const middle = bytes[(start + end) >>> 1] as number;
  return ((end - start) * 31 + last * 7 + middle * 37) & (SLOTS - 1);
}

function equals(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}
