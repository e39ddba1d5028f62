/**
 * Fingerprints of a text that survive rewriting of case, blanks and punctuation: hashes of 16 letters or digits in a row,
 * of which the least in each window of 16 is kept (winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003). Any shared run
 * of 31 letters and digits leaves a shared fingerprint.
 */
import { PAYLOAD_LENGTH } from '../payload.ts';
import { CharClass, glyphs } from '../text/fold.ts';

/** Letters and digits in one fingerprint. */
export const GRAM = 16;
const WINDOW = 16;
const BASE = 0x01000193;
const BASE_TO_GRAM = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** Folded code unit by code unit, 0 for all but letters and digits. */
const unitOf = Uint16Array.from(glyphs, (glyph) => {
  const kind = glyph >>> 16;
  return kind === CharClass.letter || kind === CharClass.digit || kind === CharClass.ideograph ? glyph : 0;
});
/** Knuth's multiplier: the order of hashes must not be that of letters. */
const SPREAD = 0x9e3779b1;
const BACKSLASH = 92;

/** Buffers that are used again: as many as the longest text has grams. */
const units = new Uint16Array(2 * PAYLOAD_LENGTH);
const hashes = new Uint32Array(2 * PAYLOAD_LENGTH);
const kept = new Uint32Array(2 * PAYLOAD_LENGTH);

/** The hashes of each 16 letters and digits in a row, good until the next text is read. */
export function grams(text: string): Uint32Array {
  const count = readUnits(text);
  let rolling = 0;
  for (let i = 0; i < count; i++) {
    rolling = (Math.imul(rolling, BASE) + units[i]!) | 0;
    if (i >= GRAM) rolling = (rolling - Math.imul(units[i - GRAM]!, BASE_TO_GRAM)) | 0;
    if (i >= GRAM - 1) hashes[i - GRAM + 1] = Math.imul(rolling, SPREAD);
  }
  return hashes.subarray(0, Math.max(0, count - GRAM + 1));
}

/** The fingerprints that the text is to be known by, good until the next text is read. */
export function winnow(text: string): Uint32Array {
  const all = grams(text);
  let count = 0;
  let least = -1;
  for (let end = WINDOW - 1; end < all.length; end++) {
    const start = end - WINDOW + 1;
    if (least < start) {
      // The rightmost of equals, so that runs of one letter leave few.
      least = end;
      for (let i = end - 1; i >= start; i--) if (all[i]! < all[least]!) least = i;
      kept[count++] = all[least]!;
    } else if (all[end]! <= all[least]!) {
      least = end;
      kept[count++] = all[least]!;
    }
  }
  return kept.subarray(0, count);
}

/** The letter after a backslash belongs to it in texts within JSON or YAML texts. */
function readUnits(text: string): number {
  const length = Math.min(text.length, units.length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const unit = unitOf[code]!;
    if (unit !== 0) units[count++] = unit;
    else if (code === BACKSLASH) {
      const next = text.charCodeAt(i + 1) | 32;
      if (next === 110 || next === 114 || next === 116) i++;
    }
  }
  return count;
}
