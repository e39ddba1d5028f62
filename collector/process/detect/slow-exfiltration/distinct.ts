/**
 * How much different content there was, in 128 bytes: linear counting over 1,024 bits (Whang, Vander-Zanden, Taylor 1990).
 * What is sent again counts once. Within 5 % up to some thousand; beyond, it saturates at about 7,000.
 */
const BITS = 1_024;

export class Distinct {
  readonly #words = new Uint32Array(BITS / 32);
  #empty = BITS;

  add(hash: number): void {
    const bit = hash >>> 22;
    const word = bit >>> 5;
    const before = this.#words[word] as number;
    const after = (before | (1 << (bit & 31))) >>> 0;
    if (after === before) return;
    this.#words[word] = after;
    this.#empty--;
  }

  get count(): number {
    return Math.round(BITS * Math.log(BITS / Math.max(1, this.#empty)));
  }

  clear(): void {
    this.#words.fill(0);
    this.#empty = BITS;
  }

  snapshot(): string {
    return this.#empty === BITS ? '' : Buffer.from(this.#words.buffer.slice(0)).toString('base64');
  }

  restore(saved: string): void {
    const bytes = Buffer.from(saved, 'base64');
    this.clear();
    if (bytes.length !== this.#words.byteLength) return;
    for (let word = 0; word < this.#words.length; word++) {
      this.#words[word] = bytes.readUInt32LE(word * 4);
      for (let bits = this.#words[word] as number; bits !== 0; bits &= bits - 1) this.#empty--;
    }
  }
}
