/**
 * How much a text looks like code rather than language, whatever is usual for it: points for what is common in programs
 * and queries and rare in sentences, by its two neighbouring signs and by its words.
 *
 * Weights were set by hand and tried on lines of Python's library, of packages of Node and on queries, beside sentences of
 * recorded sessions. Words that people write too count less, and SQL counts where it is written in capitals.
 */

/** Points are kept in quarters, as small whole numbers. */
const POINT = 4;
const LONGEST_WORD = 9;

const words = new Map<string, number>();
for (const [points, those] of [
  [
    3,
    'SELECT WHERE INSERT VALUES UNION JOIN def elif lambda const var typeof func fn impl endif printf println',
  ],
  [2, 'FROM INTO UPDATE DELETE NULL LIKE LIMIT DROP TABLE CREATE ALTER DESC VARCHAR INTEGER null undefined'],
  [2, 'await async void struct nil'],
  [1, 'SET BY ORDER GROUP IN AS ON IS select int str None True False self import print return function let'],
  [1, 'class export len'],
  [0.5, 'AND OR NOT else except throw raise static public private where insert into update delete'],
] as const)
  for (const word of those.split(' ')) words.set(word, points * POINT);

/** Whether a word of such ends and length may be listed: most need no look-up. */
const listed = new Uint8Array(1024);
const slot = (first: number, last: number, length: number) => (first * 37 + last * 5 + length * 131) & 1023;
for (const word of words.keys())
  listed[slot(word.charCodeAt(0), word.charCodeAt(word.length - 1), word.length)] = 1;

const wordUnits = Array.from({ length: 128 }, (_, unit) => String.fromCharCode(unit)).filter((sign) =>
  /[A-Za-z0-9_$]/.test(sign),
);
const isWord = new Uint8Array(128);
for (const sign of wordUnits) isWord[sign.charCodeAt(0)] = 1;

/** Points of one sign after another. */
const pairs = new Uint8Array(128 * 128);
const addPairs = (points: number, before: Iterable<string>, after: Iterable<string>) => {
  for (const first of before)
    for (const second of after) {
      const at = (first.charCodeAt(0) << 7) | second.charCodeAt(0);
      pairs[at] = (pairs[at] as number) + points * POINT;
    }
};
const anySign = Array.from({ length: 128 }, (_, unit) => String.fromCharCode(unit));
// Calls and subscripts, where a sentence has a blank before its bracket.
addPairs(2, wordUnits, '([');
addPairs(1, anySign, '{}');
addPairs(1.5, anySign, '=');
for (const [points, two] of [
  [2, ['&&', '||', '??', '?.', ';\n', ';}']],
  [1, ['->', '=>', '()', '("', "('", '["', "['"]],
  [0.5, ['--', ').', '):', ');', '){', '))', "')", "',", "':", "']", '")', '",', '":', '"]']],
] as const)
  for (const [first, second] of two as readonly string[]) addPairs(points, first as string, second as string);
addPairs(0.5, '+*^', [' ', ...wordUnits]);

const LOWER_A = 97;
const LOWER_Z = 122;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const NEWLINE = 10;
const UNDERSCORE = 95;
const INDENT = '    ';

/** Points in the first `length` units of a text. */
export function codeMarks(text: string, length: number): number {
  let points = 0;
  let before = NEWLINE;
  let wordAt = -1;
  let joined = false;
  for (let i = 0; i <= length; i++) {
    const unit = i < length ? text.charCodeAt(i) : NEWLINE;
    if (unit < 128 && isWord[unit] === 1) {
      if (wordAt < 0) wordAt = i;
      else if (unit === UNDERSCORE) joined = true;
    } else if (wordAt >= 0) {
      points += joined ? POINT : wordPoints(text, wordAt, i);
      wordAt = -1;
      joined = false;
    }
    if (unit === NEWLINE && text.startsWith(INDENT, i + 1)) points += POINT;
    if (unit >= 128) {
      before = NEWLINE;
      continue;
    }
    points += pairs[(before << 7) | unit] as number;
    before = unit;
  }
  return points / POINT;
}

function wordPoints(text: string, from: number, to: number): number {
  const first = text.charCodeAt(from);
  const last = text.charCodeAt(to - 1);
  // Names that end in a digit.
  if (last >= DIGIT_0 && last <= DIGIT_9) return first >= LOWER_A && first <= LOWER_Z ? POINT / 2 : 0;
  const length = to - from;
  if (length < 2 || length > LONGEST_WORD || listed[slot(first, last, length)] === 0) return 0;
  return words.get(text.slice(from, to)) ?? 0;
}
