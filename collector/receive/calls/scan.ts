/**
 * Texts in the scratch, four bytes at a time.
 *
 * A word is four bytes as a 32-bit number, the first byte lowest. What is found out about its bytes is found out about
 * all four at once, by the bit tricks of the C library's `strlen`.
 */
import { view } from './scratch.ts';

const QUOTES = 0x2222_2222;
const BACKSLASHES = 0x5c5c_5c5c;
const SPACES = 0x2020_2020;
const ONES = 0x0101_0101;
/** The highest bit of each byte. */
const HIGHEST = 0x8080_8080 | 0;
/** Of a word, the bytes before the n-th. */
const BEFORE = [0, 0xff, 0xffff, 0xff_ffff] as const;

/** A bit for each byte of a word that is zero; beyond the lowest, some may be wrong. */
const zeroBytes = (word: number): number => (word - ONES) & ~word & HIGHEST;

/** Whether some byte is a control character, a backslash or no ASCII: JSON says another text than stands there. */
const isOdd = (word: number): boolean =>
  ((word | ((word - SPACES) & ~word) | zeroBytes(word ^ BACKSLASHES)) & HIGHEST) !== 0;

/** A bit for the quotes of a word; 0 when there are none. */
export const quotesIn = (word: number): number => zeroBytes(word ^ QUOTES);

/** How many bytes of a word stand before its first quote. */
export const beforeQuote = (quotes: number): number => (31 - Math.clz32(quotes & -quotes)) >> 3;

/** The first bytes of a word, three at most, and zeros. */
export const firstBytes = (word: number, count: number): number => word & BEFORE[count]!;

/** Where the text that starts at a place ends, before its quote; -1 when it is empty or says another text than stands there. */
export function endOfText(start: number): number {
  for (let at = start; ; at += 4) {
    const word = view.getInt32(at, true);
    const quotes = quotesIn(word);
    if (quotes === 0) {
      if (isOdd(word)) return -1;
      continue;
    }
    const left = beforeQuote(quotes);
    if (isOdd(firstBytes(word, left) | (SPACES & ~BEFORE[left]!))) return -1;
    return at + left === start ? -1 : at + left;
  }
}
