/** Where words, sentences and lines of a text begin and end, as the scanner asks. */
import { CharClass, glyphs } from './fold.ts';
import { HASH_START, hashNext, mix } from './hash.ts';

export const isBreak = (unit: number): boolean => {
  const kind = glyphs[unit]! >>> 16;
  return kind === CharClass.space || kind === CharClass.newline || kind === CharClass.punctuation;
};

/** A blank line, a list item, a tag or a key follows. */
export function startsAnew(text: string, from: number, end: number): boolean {
  let i = from;
  while (i < end && text.charCodeAt(i) === 32) i++;
  if (i >= end) return true;
  const first = text.charCodeAt(i);
  if (first === 10 || first === 13 || first === 92 || first === 60 || first === 35 || first === 42)
    return true;
  if (first === 45) return true;
  for (let length = 0; length < 24 && i < end; length++, i++) {
    const unit = text.charCodeAt(i);
    if (unit === 58) return length > 0 && isBreak(i + 1 < end ? text.charCodeAt(i + 1) : 10);
    if (glyphs[unit]! >>> 16 > CharClass.digit && unit !== 95 && unit !== 45) return false;
  }
  return false;
}

/** A capital after a small letter or a sign, as where a text was put into another without a blank. */
export function startsSentence(text: string, stop: number): boolean {
  const next = text.charCodeAt(stop + 1);
  if (next < 65 || next > 90) return false;
  const before = stop > 0 ? text.charCodeAt(stop - 1) : 32;
  return (before >= 97 && before <= 122) || glyphs[before]! >>> 16 > CharClass.digit;
}

/** The hash of a word with its digits read as the letters that they look like. */
export function leetHash(text: string, from: number, to: number): number {
  let hash = HASH_START;
  for (let i = from; i < to; i++) {
    const unit = glyphs[text.charCodeAt(i)]! & 0xffff;
    if (unit !== 0) hash = hashNext(hash, unit >= 48 && unit <= 57 ? leets[unit - 48]! : unit);
  }
  return mix(hash);
}
const leets = [...'oizeasbtbg'].map((letter) => letter.charCodeAt(0));
