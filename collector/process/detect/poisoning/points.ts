/**
 * How much a passage of a tool's result reads like instructions to the agent that reads it, in points. Weak signs add up,
 * each counted once however often it is there; none is proof, since mails, recipes and manuals give instructions too.
 * Source: the vocabulary of published scanners of tool descriptions and of surveys of prompt injection; no phrase of a
 * recorded attack.
 */
import { Word } from '../text/lexicon.ts';
import { Mark } from '../text/scan.ts';

const has = (bits: number, all: number): boolean => (bits & all) === all;
const any = (bits: number, some: number): boolean => (bits & some) !== 0;

/** What a sentence may do, and the points of it. */
const signs: readonly [points: number, shows: (bits: number) => boolean][] = [
  // Sets aside what was asked before, or whatever the reader goes by.
  [4, (bits) => has(bits, Word.override | Word.prior | Word.orders)],
  [2, (bits) => has(bits, Word.override | Word.orders) && any(bits, Word.model | Word.you)],
  // Keeps it from the user, or happens unseen.
  [2, (bits) => has(bits, Word.negation | Word.tell | Word.user)],
  [1, (bits) => any(bits, Word.secret) && any(bits, Word.command)],
  // Addresses the model.
  [
    2,
    (bits) =>
      any(bits, Word.model) && any(bits, Word.you | Word.oblige | Word.orders | Word.notice | Mark.command),
  ],
  // Speaks with the authority of who runs it.
  [
    1,
    (bits) =>
      any(bits, Word.authority) &&
      (any(bits, Word.notice | Word.orders) || has(bits, Word.you | Word.oblige)),
  ],
  // Puts itself before the task.
  [2, (bits) => has(bits, Word.ahead | Word.oblige | Word.orders)],
  [1, (bits) => has(bits, Word.ahead | Word.oblige | Word.you)],
  // Lets the reader go back to the task.
  [
    1,
    (bits) =>
      any(bits, Word.ahead | Word.resume) && any(bits, Word.orders) && any(bits, Word.prior | Word.user),
  ],
  // A tag as chats are built of, with a role or a notice in it.
  [1, (bits) => any(bits, Mark.tag) && any(bits, Word.role | Word.notice)],
  // Presses.
  [1, (bits) => any(bits, Word.urgent) && any(bits, Word.notice | Word.orders | Word.you)],
];

/** One bit for each sign that a sentence shows; 0 for most. */
export function signsOf(bits: number): number {
  let shown = 0;
  if (bits === 0) return shown;
  for (let i = 0; i < signs.length; i++) if (signs[i]![1](bits)) shown |= 1 << i;
  return shown;
}

export function pointsOf(shown: number): number {
  let points = 0;
  for (let i = 0; i < signs.length; i++) if (shown & (1 << i)) points += signs[i]![0];
  return points;
}

/** Points of a passage that reads like instructions to the agent. */
export const TEXT_POINTS = 4;
/** Sentences before and after that belong to the same passage. */
const AROUND = 5;
const own = new Uint16Array(1_024);

/**
 * Writes the points of each sentence with its neighbours into `passage`. `counts` says which sentences count at all:
 * those that the tool never gave before.
 */
export function passagePoints(
  bits: Uint32Array,
  sentences: number,
  counts: Uint8Array,
  passage: Uint8Array,
): void {
  let some = 0;
  for (let i = 0; i < sentences; i++) {
    own[i] = counts[i] ? signsOf(bits[i]!) : 0;
    some |= own[i]!;
  }
  if (some === 0) {
    passage.fill(0, 0, sentences);
    return;
  }
  for (let i = 0; i < sentences; i++) {
    let shown = 0;
    for (let near = Math.max(0, i - AROUND); near <= Math.min(sentences - 1, i + AROUND); near++)
      shown |= own[near]!;
    passage[i] = pointsOf(shown);
  }
}
