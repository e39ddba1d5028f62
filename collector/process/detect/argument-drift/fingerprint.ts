/**
 * What a text looks like, whatever it says: numbers and its shape, from its first 400 characters.
 *
 * Letters of all scripts are one shape, since users change languages and attackers change what kind of thing they send.
 */
import { codeMarks } from './code-marks.ts';

const LOOKED_AT = 400;

const LETTER = 1;
const CAPITAL = 2;
const DIGIT = 3;
const BLANK = 4;
/** From here on, each sign is its own shape. */
const SIGN = 5;

/** Shapes of ASCII; what is above is a letter unless listed. */
const shapes = new Uint8Array(128);
const isToken = new Uint8Array(128);
for (let unit = 0; unit < 128; unit++) {
  const character = String.fromCharCode(unit);
  if (/[a-z]/.test(character)) shapes[unit] = LETTER;
  else if (/[A-Z]/.test(character)) shapes[unit] = CAPITAL;
  else if (/\d/.test(character)) shapes[unit] = DIGIT;
  else if (unit <= 32) shapes[unit] = BLANK;
  else shapes[unit] = SIGN + (unit & 31) + (unit > 64 ? 32 : 0);
  isToken[unit] = /[A-Za-z0-9+/=_-]/.test(character) ? 1 : 0;
}
/** Signs of other scripts that mean what an ASCII one does: full stops, commas, quotes, brackets, dashes. */
const alike = new Map<number, number>();
for (const [ascii, others] of [
  ['.', '。．।۔…・'],
  [',', '，、،；'],
  ['?', '？؟¿'],
  ['!', '！¡'],
  [':', '：'],
  ['"', '“”„«»「」『』《》'],
  ["'", '‘’‚‹›'],
  ['(', '（【'],
  [')', '）】'],
  ['-', '–—−―'],
  [' ', '\u00a0\u3000\u2009\u202f\u200b'],
] as const)
  for (const other of others) alike.set(other.charCodeAt(0), ascii.charCodeAt(0));

export interface Fingerprint {
  /** Marks of code in 100 characters (see `code-marks.ts`). */
  readonly code: number;
  /** Longest run of letters, digits and `+/=_-`. */
  readonly token: number;
  /** Changes between small letters, capitals and digits in one such run, the most: encoded data has many. */
  readonly changes: number;
  /** Hashes of three shapes in a row, runs collapsed; good until the next text is read. */
  readonly trigrams: Uint16Array;
}

export const TRIGRAM_BITS = 10;
const trigrams = new Uint16Array(2 * LOOKED_AT);
/** From here on, signs are as wide as ideographs. */
const WIDE = 0x3000;

/** Characters as if of a text with no marks, since one mark in a few words says little. */
const UNMARKED = 40;

export function fingerprintOf(text: string): Fingerprint {
  const length = Math.min(text.length, LOOKED_AT);
  let run = 0;
  let longest = 0;
  let changes = 0;
  let most = 0;
  let kind = 0;
  let count = 0;
  let before = BLANK;
  let last = BLANK;
  const add = (shape: number) => {
    if (shape === last) return;
    trigrams[count++] =
      Math.imul(((before * 71 + last) * 71 + shape) | 0, 0x9e3779b1) >>> (32 - TRIGRAM_BITS);
    before = last;
    last = shape;
  };
  for (let i = 0; i < length; i++) {
    const raw = text.charCodeAt(i);
    const unit = raw < 128 ? raw : (alike.get(raw) ?? raw);
    const ascii = unit < 128;
    const shape = ascii ? (shapes[unit] as number) : LETTER;
    if (ascii && isToken[unit]) {
      if (++run > longest) longest = run;
      if (shape < BLANK && shape !== kind) {
        if (kind !== 0 && ++changes > most) most = changes;
        kind = shape;
      }
    } else run = changes = kind = 0;
    add(shape);
    // Scripts that write no blanks put their width behind a sign.
    if (ascii && raw >= WIDE) add(BLANK);
  }
  return {
    code: (100 * codeMarks(text, length)) / (length + UNMARKED),
    token: longest,
    changes: most,
    trigrams: trigrams.subarray(0, count),
  };
}
