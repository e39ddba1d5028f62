/**
 * Short runs of bytes, compared and kept four at a time. The last word of a run is its last four bytes, some of which the
 * one before may have too, so that no word reaches beyond it; a run of fewer bytes is one word.
 */
export type Bytes = DataView<ArrayBufferLike>;

export const wordsOf = (length: number): number => (length < 4 ? 1 : (length + 3) >>> 2);

/** The last word of a run of at least one byte. */
export function lastWord(bytes: Bytes, start: number, length: number): number {
  if (length >= 4) return bytes.getInt32(start + length - 4, true);
  let word = 0;
  for (let i = 0; i < length; i++) word |= bytes.getUint8(start + i) << (8 * i);
  return word;
}

/** Puts the words of a run into an array. */
export function keepWords(bytes: Bytes, start: number, length: number, into: Int32Array, at: number): void {
  const last = wordsOf(length) - 1;
  for (let i = 0; i < last; i++) into[at + i] = bytes.getInt32(start + 4 * i, true);
  into[at + last] = lastWord(bytes, start, length);
}

/** Whether a run of this length is the one whose words were put into an array. */
export function hasWords(bytes: Bytes, start: number, length: number, kept: Int32Array, at: number): boolean {
  const last = wordsOf(length) - 1;
  // Runs that differ mostly differ at their ends.
  if (lastWord(bytes, start, length) !== kept[at + last]) return false;
  for (let i = 0; i < last; i++) if (bytes.getInt32(start + 4 * i, true) !== kept[at + i]) return false;
  return true;
}

/** A number from 0 to 2^32 that five words of a run decide, and its length. */
export function hashOfWords(bytes: Bytes, start: number, length: number): number {
  const last = lastWord(bytes, start, length);
  let hash = Math.imul(last ^ length, 0x9e37_79b1);
  if (length > 4) {
    const span = length - 4;
    hash = Math.imul((hash ^ (hash >>> 15)) + bytes.getInt32(start, true), 0x85eb_ca77);
    hash = Math.imul((hash ^ (hash >>> 13)) + bytes.getInt32(start + (span >>> 1), true), 0xc2b2_ae3d);
    hash = Math.imul((hash ^ (hash >>> 16)) + bytes.getInt32(start + (span >>> 2), true), 0x9e37_79b1);
    hash = Math.imul((hash ^ (hash >>> 15)) + bytes.getInt32(start + span - (span >>> 2), true), 0x85eb_ca77);
  }
  return (hash ^ (hash >>> 16)) >>> 0;
}
