/** Whole numbers of any size up to 2^53 as bytes, seven bits each, the lowest first: most take one to three. */

const MORE = 0x80;
const SMALLEST_BUFFER = 256;
/** The longest number: 53 bits. */
const LONGEST = 8;

/** A run of bytes that grows as it is written; one is used over and over. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST_BUFFER);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies what has been written. */
  copy(to: Buffer, at: number): void {
    this.#bytes.copy(to, at, 0, this.#length);
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    if (this.#length + LONGEST > this.#bytes.length) this.#grow();
    if (value < MORE) {
      this.#bytes[this.#length++] = value;
      return;
    }
    let rest = value;
    // Beyond 31 bits the bitwise operators would cut it.
    for (; rest >= 0x7fff_ffff; rest = Math.floor(rest / MORE))
      this.#bytes[this.#length++] = (rest % MORE) | MORE;
    for (; rest >= MORE; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | MORE;
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number of either sign. */
  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  number(): number {
    let value = 0;
    let unit = 1;
    for (; ; unit *= MORE) {
      if (this.#at >= this.#bytes.length) throw new RangeError('the bytes end within a number');
      const byte = this.#bytes[this.#at++]!;
      if (byte < MORE) return value + byte * unit;
      value += (byte - MORE) * unit;
    }
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
