/**
 * How a character reads to a language model, whatever it is written with: lower case, without accents, look-alikes as
 * the Latin letter they look like, invisible characters as nothing. A table over UTF-16 code units, so that folding
 * costs one look-up and no pattern ever runs over hostile text.
 */

/** What a folded character is to the scanner. */
export const CharClass = {
  /** Invisible: not there. */
  none: 0,
  letter: 1,
  digit: 2,
  space: 3,
  newline: 4,
  /** May end a sentence. */
  stop: 5,
  /** Within addresses, paths and identifiers: `@ / : - _ + = & % # ~ ? .` come here or under `stop`. */
  joiner: 6,
  punctuation: 7,
  /** Of a script that writes no blanks: a word of its own. */
  ideograph: 8,
} as const;

const UNITS = 0x10000;

/** Cyrillic and Greek letters, and signs, that pass for Latin ones (after lower-casing and accents). */
const lookAlikes: Readonly<Record<string, string>> = {
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  ҽ: 'e',
  ғ: 'f',
  һ: 'h',
  н: 'h',
  і: 'i',
  ı: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  п: 'n',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  ѵ: 'v',
  ԝ: 'w',
  х: 'x',
  у: 'y',
  ү: 'y',
  α: 'a',
  β: 'b',
  ϲ: 'c',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  σ: 'o',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  ω: 'w',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  ʟ: 'l',
  ɴ: 'n',
  ʀ: 'r',
  ꜱ: 's',
  ᴛ: 't',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ß: 's',
  æ: 'a',
  œ: 'o',
  '’': "'",
  '‘': "'",
  ʼ: "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '‐': '-',
  '‑': '-',
  '。': '.',
  '！': '!',
  '？': '?',
};

/** Code unit to folded code unit; 0 for what is invisible. */
export const folded: Uint16Array = foldTable();
/** Class of a folded code unit. */
export const classOf: Uint8Array = classTable();

/** Both at once: the folded code unit, and 16 bits further up its class. */
export const glyphs: Uint32Array = Uint32Array.from(folded, (unit) => unit | (classOf[unit]! << 16));

function foldTable(): Uint16Array {
  const table = new Uint16Array(UNITS);
  for (let unit = 0; unit < UNITS; unit++) table[unit] = foldOne(unit);
  return table;
}

/** Ranges that need no look at each: syllables and ideographs stay, halves of astral characters and private ones go. */
function wholeRange(unit: number): number | undefined {
  if (unit >= 0x3400 && unit < 0xa000) return CharClass.ideograph;
  if (unit >= 0xac00 && unit < 0xd7a4) return CharClass.letter;
  if (unit >= 0xd800 && unit < 0xf900) return CharClass.none;
  return undefined;
}

function foldOne(unit: number): number {
  if (unit < 0x80) return unit >= 65 && unit <= 90 ? unit + 32 : unit;
  const whole = wholeRange(unit);
  if (whole !== undefined) return whole === CharClass.none ? 0 : unit;
  const character = String.fromCharCode(unit);
  if (/[\p{Cf}\p{Mn}\p{Me}\p{Variation_Selector}]/u.test(character)) return 0;
  const plain =
    lookAlikes[character.toLowerCase()] ?? character.normalize('NFKD').toLowerCase()[0] ?? character;
  return (lookAlikes[plain] ?? plain).charCodeAt(0);
}

function classTable(): Uint8Array {
  const table = new Uint8Array(UNITS);
  for (let unit = 1; unit < UNITS; unit++) table[unit] = wholeRange(unit) ?? classOfOne(unit);
  return table;
}

function classOfOne(unit: number): number {
  const character = String.fromCharCode(unit);
  if (unit === 10 || unit === 13 || unit === 0x2028 || unit === 0x2029) return CharClass.newline;
  if (unit <= 32 || /\s/.test(character)) return CharClass.space;
  if (unit >= 48 && unit <= 57) return CharClass.digit;
  if ('.!?'.includes(character)) return CharClass.stop;
  if ('@/:-_+=&%#~'.includes(character)) return CharClass.joiner;
  if (unit < 0x80) return /[a-z]/i.test(character) ? CharClass.letter : CharClass.punctuation;
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(character))
    return CharClass.ideograph;
  return /[\p{L}\p{N}]/u.test(character) ? CharClass.letter : CharClass.punctuation;
}
