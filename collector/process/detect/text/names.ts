/**
 * Names that a text gives and a call can use: mail addresses, links, accounts, file names, identifiers. What is left out:
 * dates, times and plain numbers, which are in every text.
 */
import { CharClass, folded, glyphs } from './fold.ts';
import { HASH_START, hashNext, mix } from './hash.ts';

const MAXIMUM_NAMES = 1_024;
const SHORTEST = 5;
const LONGEST = 512;

export const NameKind = { identifier: 0, mail: 1, link: 2 } as const;

export class Names {
  readonly hash = new Uint32Array(MAXIMUM_NAMES);
  /** Of the host of a link or the domain of an address, else 0. */
  readonly host = new Uint32Array(MAXIMUM_NAMES);
  readonly kind = new Uint8Array(MAXIMUM_NAMES);
  readonly sentence = new Uint16Array(MAXIMUM_NAMES);
  /** Where it stands in the text, without scheme and signs around it. */
  readonly from = new Uint32Array(MAXIMUM_NAMES);
  readonly to = new Uint32Array(MAXIMUM_NAMES);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Takes a run without blanks, which has a digit or a joiner in it, for a name if it is one. */
  add(text: string, from: number, to: number, sentence: number): void {
    if (this.count >= MAXIMUM_NAMES || to - from < SHORTEST || to - from > LONGEST) return;
    let start = from;
    const scheme = schemeEnd(text, from, to);
    if (scheme > 0) start = scheme;
    const www = startsWithWww(text, start, to);
    if (www) start += 4;
    let end = to;
    while (end > start && glyphs[text.charCodeAt(end - 1)]! >>> 16 >= CharClass.stop) end--;
    if (scheme < 0) start = valueStart(text, start, end);
    let hash = HASH_START;
    let hostFrom = start;
    let hostTo = -1;
    let at = -1;
    let letters = 0;
    let digits = 0;
    let dots = 0;
    let others = 0;
    for (let i = start; i < end; i++) {
      const glyph = glyphs[text.charCodeAt(i)]!;
      const unit = glyph & 0xffff;
      if (unit === 0) continue;
      hash = hashNext(hash, unit);
      const kind = glyph >>> 16;
      if (kind === CharClass.letter) letters++;
      else if (kind === CharClass.digit) digits++;
      else if (unit === 46) dots++;
      else if (unit === 64) at = i;
      else others++;
      if (hostTo < 0 && (unit === 47 || unit === 63 || unit === 58) && i > start) hostTo = i;
    }
    const mail = at > start && dots > 0;
    const link = !mail && (scheme > 0 || www || (dots > 0 && hostTo > 0 && letters > digits));
    if (!mail && !link) {
      if (letters === 0 && (others > 0 || dots > 0 || digits < 8)) return;
      if (letters + digits < SHORTEST || (digits === 0 && dots === 0 && others === 0)) return;
    }
    if (mail) {
      hostFrom = at + 1;
      hostTo = end;
    } else if (hostTo < 0) hostTo = end;
    const i = this.count++;
    this.hash[i] = mix(hash);
    this.host[i] = mail || link ? hashFolded(text, hostFrom, hostTo) : 0;
    this.kind[i] = mail ? NameKind.mail : link ? NameKind.link : NameKind.identifier;
    this.sentence[i] = sentence;
    this.from[i] = start;
    this.to[i] = end;
  }
}

/** Behind the sign of `name=value` and `name:value`, where a value follows. */
function valueStart(text: string, from: number, to: number): number {
  for (let i = to - SHORTEST; i > from; i--) {
    const unit = text.charCodeAt(i);
    if (unit === 47 || unit === 64 || unit === 63) return from;
    if (unit === 61 || unit === 58) return i + 1;
  }
  return from;
}

function startsWithWww(text: string, at: number, to: number): boolean {
  if (at + 4 >= to || text.charCodeAt(at + 3) !== 46) return false;
  for (let i = at; i < at + 3; i++) if ((text.charCodeAt(i) | 32) !== 119) return false;
  return true;
}

function schemeEnd(text: string, from: number, to: number): number {
  for (let i = from; i < Math.min(from + 12, to - 2); i++)
    if (text.charCodeAt(i) === 58)
      return text.charCodeAt(i + 1) === 47 && text.charCodeAt(i + 2) === 47 ? i + 3 : -1;
  return -1;
}

function hashFolded(text: string, from: number, to: number): number {
  let hash = HASH_START;
  for (let i = from; i < to; i++) {
    const unit = folded[text.charCodeAt(i)]!;
    if (unit !== 0) hash = hashNext(hash, unit);
  }
  return mix(hash);
}
