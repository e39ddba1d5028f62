/**
 * Finds texts that are much alike without keeping them: one-permutation MinHash (Li, Owen, Zhang 2012) over the text's
 * character 5-grams, 64 slots, empty ones filled from their neighbour (Shrivastava, Li 2014), in 16 bands of 4.
 *
 * Two texts of Jaccard similarity J share a given band with probability J⁴, so m shared bands of 16 estimate
 * J ≈ (m / 16)^¼: one band means about 0.5, two about 0.6, eight 0.84.
 */

import { mix } from '../text/hash.ts';

export const BANDS = 16;
const ROWS = 4;
const SLOTS = BANDS * ROWS;
const GRAM = 5;
const BASE = 0x01000193;
const BASE_TO_GRAM = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1);
/** Looked at of one text, in UTF-16 code units. */
const MAXIMUM_LENGTH = 1_024;
const EMPTY = 0xffffffff;

const slots = new Uint32Array(SLOTS);

/** The bands of a text under a key; undefined for one too short to have a 5-gram. */
export function bandsOf(key: number, text: string): Uint32Array | undefined {
  slots.fill(EMPTY);
  const length = Math.min(text.length, MAXIMUM_LENGTH);
  if (length < GRAM) return undefined;
  let rolling = 0;
  for (let i = 0; i < length; i++) {
    rolling = (Math.imul(rolling, BASE) + text.charCodeAt(i)) | 0;
    if (i >= GRAM) rolling = (rolling - Math.imul(text.charCodeAt(i - GRAM), BASE_TO_GRAM)) | 0;
    if (i < GRAM - 1) continue;
    const mixed = mix(rolling);
    const slot = mixed >>> 26;
    const value = mixed & 0x3ffffff;
    if (value < (slots[slot] as number)) slots[slot] = value;
  }
  fill();
  const bands = new Uint32Array(BANDS);
  for (let band = 0; band < BANDS; band++) {
    let hash = mix(key ^ band);
    for (let row = 0; row < ROWS; row++)
      hash = mix(Math.imul(hash, 31) ^ (slots[band * ROWS + row] as number));
    bands[band] = hash;
  }
  return bands;
}

/** An empty slot takes what the next full one holds, marked by how far away that is. */
function fill(): void {
  let distance = 0;
  let value = EMPTY;
  for (let i = 2 * SLOTS - 1; i >= 0; i--) {
    const slot = i % SLOTS;
    const own = slots[slot] as number;
    if (own <= 0x3ffffff) {
      value = own;
      distance = 0;
    } else if (i < SLOTS && value !== EMPTY) slots[slot] = (0x4000000 + value + ++distance * 0x1000193) >>> 0;
    else distance++;
  }
}

export const similarityOf = (sharedBands: number): number => (sharedBands / BANDS) ** (1 / ROWS);

/** Lower case, blanks collapsed; of twice as much as is compared, since blanks go. */
export const normalised = (text: string): string =>
  text
    .slice(0, 2 * MAXIMUM_LENGTH)
    .toLowerCase()
    .replace(BLANKS, ' ')
    .trim();
/** One blank is what it becomes. */
const BLANKS = /\s{2,}|[^\S ]/g;
