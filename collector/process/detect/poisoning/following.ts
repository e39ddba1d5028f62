/** Finds out whether a call takes its arguments from a sentence that a tool gave. */
import type { Call } from '../call.ts';
import { type Destination, destinationsOf, type KnownDestinations, type Novelty } from '../destinations.ts';
import { hashWord } from '../text/lexicon.ts';
import { scanned } from '../text/scanned.ts';
import { wordsOf } from '../tool-words.ts';
import { KNOWN, OWN, Passages, type Sentence } from './passages.ts';
import type { Readings } from './reading.ts';

/** Words of a value that is looked for as a whole. */
const WHOLE_WORDS = 8;
/** Words in a row of a longer value. */
const RUN_WORDS = 4;
const LONGEST_VALUE_WORDS = 160;
/** Shorter values are in every text; they count only beside the tool's own words. */
const TELLING_LENGTH = 6;

/** What a call has in common with one sentence. */
export interface Following {
  readonly number: number;
  readonly sentence: Sentence;
  /** A destination of the call that the sentence names, the one that is newest. */
  destination: Destination | undefined;
  novelty: Novelty;
  /** Arguments that name something the sentence names, or are part of it. */
  values: number;
  /** Arguments too short to tell by themselves. */
  short: number;
  /** Words of the tool's name in the sentence. */
  toolWords: number;
  /** A name of the sentence that the call uses also stands as a value of a record. */
  inRecord: boolean;
  /** The first argument in common. */
  path: string;
}

const hashes = new Map<string, readonly number[]>();
const MOST_TOOLS = 4_096;

/** Hashes of the words of a tool's name. */
function toolWords(tool: string): readonly number[] {
  let known = hashes.get(tool);
  if (!known) {
    known = wordsOf(tool)
      .filter((word) => word.length > 2)
      .map(hashWord);
    if (hashes.size >= MOST_TOOLS) hashes.clear();
    hashes.set(tool, known);
  }
  return known;
}

/** Sentences that one argument names; used again for the next. */
const named = new Set<number>();

/** What the call has in common with each sentence that it has anything in common with. */
export function followings(
  call: Call,
  type: string,
  passages: Passages,
  known: KnownDestinations,
): Following[] {
  const found: Following[] = [];
  const at = (number: number, path: string): Following | undefined => {
    for (const there of found) if (there.number === number) return there;
    const sentence = passages.sentence(number);
    if (!sentence) return undefined;
    const made: Following = {
      number,
      sentence,
      destination: undefined,
      novelty: 'used',
      values: 0,
      short: 0,
      toolWords: 0,
      inRecord: false,
      path,
    };
    found.push(made);
    return made;
  };
  for (const { path, text } of call.arguments!.fields) {
    const { names, words, wordCount } = scanned(text);
    named.clear();
    for (let i = 0; i < names.count; i++) {
      const hash = names.hash[i]!;
      const number = passages.nameAt(hash);
      if (number !== undefined && number < KNOWN) {
        named.add(number);
        const following = passages.inRecord(hash) ? at(number, path) : undefined;
        if (following) following.inRecord = true;
      }
    }
    for (const number of named) {
      const following = at(number, path);
      if (!following) continue;
      following.values++;
      // A link within what is only stored goes nowhere.
      for (const destination of destinationsOf(call))
        if (
          destination.path === path &&
          destination.kind !== 'name' &&
          (destination.whole || call.risk.outward)
        )
          sendTo(following, destination, known.novelty(type, destination.value));
    }
    if (wordCount === 0) continue;
    if (wordCount <= WHOLE_WORDS) {
      const telling = text.length >= TELLING_LENGTH;
      passages.eachWith(words, 0, wordCount, (number) => {
        const following = named.has(number) ? undefined : at(number, path);
        if (!following) return;
        if (telling) following.values++;
        else following.short++;
      });
      continue;
    }
    const end = Math.min(wordCount, LONGEST_VALUE_WORDS);
    let inRow = 0;
    for (let i = 0; i < end; i++) {
      inRow = passages.mayHave(words[i]!) ? inRow + 1 : 0;
      if (inRow < RUN_WORDS) continue;
      passages.eachWith(words, i - RUN_WORDS + 1, RUN_WORDS, (number) => {
        if (named.has(number)) return;
        named.add(number);
        const following = at(number, path);
        if (following) following.values++;
      });
    }
  }
  if (found.length === 0) return found;
  const own = toolWords(call.tool);
  for (const following of found)
    following.toolWords = own.filter((word) => passages.hasWord(following.number, word)).length;
  return found;
}

const rank = { unknown: 0, used: 0, 'new to type': 1, new: 2 } as const;

function sendTo(following: Following, destination: Destination, novelty: Following['novelty']): void {
  if (following.destination && rank[following.novelty] >= rank[novelty]) return;
  following.destination = destination;
  following.novelty = novelty;
}

/** Remembers the names in a call's arguments as the agent's own, so that a later result cannot have given them. */
export function ownNames(call: Call, readings: Pick<Readings, 'passages'>): void {
  for (const { text } of call.arguments!.fields) {
    const { names } = scanned(text);
    if (names.count === 0) continue;
    readings.passages ??= new Passages();
    for (let i = 0; i < names.count; i++) readings.passages.name(names.hash[i]!, OWN);
  }
}
