/** A block whose seal has not been read yet. */
import { createHash, type Hash as Hashing } from 'node:crypto';
import type { Hash } from './chain.ts';
import type { SegmentBytes } from './segment-bytes.ts';

const STRETCH_BYTES = 1024 * 1024;

/** The bytes since the last seal. */
export class OpenBlock {
  readonly previous: Hash;
  readonly start: number;
  readonly #hashing: Hashing;

  constructor(previous: Hash, start = 0) {
    this.previous = previous;
    this.start = start;
    this.#hashing = createHash('sha256').update(previous);
  }

  add(bytes: Buffer): void {
    this.#hashing.update(bytes);
  }

  async addStretch(source: SegmentBytes, from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += STRETCH_BYTES)
      this.add(await source.read(at, Math.min(STRETCH_BYTES, to - at)));
  }

  digest(): Hash {
    return this.#hashing.digest();
  }

  seal(expected: Buffer): { readonly hash: string; readonly right: boolean } {
    return { hash: expected.toString('hex'), right: this.digest().equals(expected) };
  }
}
