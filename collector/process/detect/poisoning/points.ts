/**
 * How much a sentence of a tool's result reads like instructions to the agent that reads it, in points. Weak signs add
 * up; none is proof, since mails, recipes and manuals give instructions too. Source: the vocabulary of published
 * scanners of tool descriptions and of prompt-injection surveys; no phrase of a recorded attack.
 */
import { Word } from '../text/lexicon.ts';
import { Mark } from '../text/scan.ts';

const has = (bits: number, all: number): boolean => (bits & all) === all;
const any = (bits: number, some: number): boolean => (bits & some) !== 0;

/** Points of one sentence by its words; 0 for most. */
export function pointsOf(bits: number): number {
  let points = 0;
  // Sets aside what was asked before.
  if (any(bits, Word.override) && any(bits, Word.orders) && any(bits, Word.prior | Word.model | Word.you))
    points += 3;
  // Keeps it from the user.
  if (any(bits, Word.negation) && any(bits, Word.tell) && any(bits, Word.user)) points += 2;
  else if (any(bits, Word.secret) && any(bits, Word.command)) points += 1;
  // Addresses the model.
  if (any(bits, Word.model) && any(bits, Word.you | Word.oblige | Word.orders | Word.notice)) points += 2;
  // Speaks with the authority of who runs it.
  if (
    any(bits, Word.authority) &&
    any(bits, Word.notice | Word.orders) &&
    any(bits, Word.you | Word.oblige | Word.urgent | Word.model)
  )
    points += 1;
  // Puts itself before the task.
  if (any(bits, Word.ahead) && any(bits, Word.oblige) && any(bits, Word.orders)) points += 2;
  else if (any(bits, Word.ahead) && has(bits, Word.oblige | Word.you)) points += 1;
  // Lets the reader go back to the task.
  if (any(bits, Word.ahead | Word.resume) && any(bits, Word.orders) && any(bits, Word.prior)) points += 1;
  // A tag as chats are built of, with a role or a notice in it.
  if (any(bits, Mark.tag) && any(bits, Word.role | Word.notice)) points += 1;
  // Presses.
  if (any(bits, Word.urgent) && any(bits, Word.notice | Word.orders | Word.you)) points += 1;
  return points;
}

/** Sentences before and after that belong to the same passage. */
const BEFORE = 5;
const AFTER = 5;
const own = new Uint8Array(1_024);

/** A neighbour cannot add more. */
const MOST_OF_ONE = 3;

/**
 * Adds up points over neighbouring sentences into `passage`. `counts` says which sentences count at all: those that the
 * tool never gave before.
 */
export function passagePoints(
  bits: Uint32Array,
  sentences: number,
  counts: Uint8Array,
  passage: Uint8Array,
): void {
  for (let i = 0; i < sentences; i++) own[i] = counts[i] ? Math.min(MOST_OF_ONE, pointsOf(bits[i]!)) : 0;
  let sum = 0;
  for (let i = 0; i < Math.min(AFTER, sentences); i++) sum += own[i]!;
  for (let i = 0; i < sentences; i++) {
    if (i + AFTER < sentences) sum += own[i + AFTER]!;
    if (i - BEFORE - 1 >= 0) sum -= own[i - BEFORE - 1]!;
    passage[i] = Math.min(255, sum);
  }
}
