/**
 * Fingerprints of a text that survive rewriting of case, blanks and punctuation: hashes of 16 letters or digits in a row,
 * of which the least in each window of 16 is kept (winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003). Any shared run
 * of 31 letters and digits leaves a shared fingerprint.
 */
import { CharClass, classOf, folded } from '../text/fold.ts';
import { mix } from '../text/hash.ts';

/** Letters and digits in one fingerprint. */
export const GRAM = 16;
const WINDOW = 16;
const BASE = 0x01000193;
const BASE_TO_GRAM = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1);

const recent = new Uint16Array(GRAM);
const window = new Uint32Array(WINDOW);

/** Calls `kept` with each fingerprint that the text is to be known by. */
export function winnow(text: string, kept: (hash: number) => void): void {
  let least = -1;
  grams(text, (hash, position) => {
    const slot = position % WINDOW;
    window[slot] = hash;
    if (position < WINDOW - 1) return;
    if (position === WINDOW - 1 || slot === least) {
      least = slot;
      // The rightmost of equals, so that runs of one letter leave few.
      for (let i = 1; i < WINDOW; i++) {
        const other = (slot + WINDOW - i) % WINDOW;
        if (window[other]! < window[least]!) least = other;
      }
      kept(window[least]!);
    } else if (hash <= window[least]!) {
      least = slot;
      kept(hash);
    }
  });
}

/** Calls `gram` with the hash of each 16 letters and digits in a row and the number of those before; returns how many letters and digits there are. */
export function grams(text: string, gram: (hash: number, position: number) => void): number {
  let rolling = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = folded[text.charCodeAt(i)]!;
    const kind = classOf[unit]!;
    if (kind !== CharClass.letter && kind !== CharClass.digit && kind !== CharClass.ideograph) {
      if (unit === 92) i += escapeLength(text, i);
      continue;
    }
    const slot = count % GRAM;
    rolling = (Math.imul(rolling, BASE) + unit) | 0;
    if (count >= GRAM) rolling = (rolling - Math.imul(recent[slot]!, BASE_TO_GRAM)) | 0;
    recent[slot] = unit;
    count++;
    if (count >= GRAM) gram(mix(rolling), count - GRAM);
  }
  return count;
}

/** The letter after a backslash belongs to it in texts within JSON or YAML texts. */
function escapeLength(text: string, at: number): number {
  const next = text.charCodeAt(at + 1) | 32;
  return next === 110 || next === 114 || next === 116 ? 1 : 0;
}
