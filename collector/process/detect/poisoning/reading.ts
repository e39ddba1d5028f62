/** Takes in what a tool returned: what of it is new for the tool, reads like instructions, or is out of place. */
import type { Call } from '../call.ts';
import type { Field } from '../payload.ts';
import { hashText, join } from '../text/hash.ts';
import { Word } from '../text/lexicon.ts';
import { Mark, type Scan } from '../text/scan.ts';
import { SeenSet } from '../text/seen-set.ts';
import { KNOWN, Passages, Trait } from './passages.ts';
import { passagePoints } from './points.ts';
import { MAXIMUM_KEYS, type ToolTexts } from './tool-texts.ts';

/** Fewer words are a value, a heading or a greeting. */
const PROSE_WORDS = 5;
/** A value this much longer than the longest under its key so far is out of place. */
const OVERLONG = 2;
const OVERLONG_WORDS = 8;
const LEARNT_SENTENCES = 512;
const LEARNT_TOOLS = 32;

/** What an open session holds of its results, most of it only when there is something new in them. */
export interface Readings {
  passages: Passages | undefined;
  /** Sentences to learn, by tool. */
  fresh: SeenSet | undefined;
  /** Longest value under each key, in words, by endpoint. */
  readonly lengths: Map<string, Map<number, number>>;
}

export const newReadings = (): Readings => ({ passages: undefined, fresh: undefined, lengths: new Map() });

const points = new Uint8Array(1_024);
const numbers = new Int32Array(1_024);

export function readResult(call: Call, texts: ToolTexts, scan: Scan, readings: Readings): void {
  const { endpoint } = call;
  const tool = texts.hashOf(endpoint);
  let lengths = readings.lengths.get(endpoint);
  if (!lengths) {
    lengths = new Map();
    if (readings.lengths.size < LEARNT_TOOLS) readings.lengths.set(endpoint, lengths);
  }
  for (const field of call.result!.fields) readField(field, call, tool, texts, lengths, scan, readings);
}

function readField(
  field: Field,
  call: Call,
  tool: number,
  texts: ToolTexts,
  lengths: Map<number, number>,
  scan: Scan,
  readings: Readings,
): void {
  scan.read(field.text);
  const count = scan.sentenceCount;
  const isNew = (i: number) => !texts.has(tool, scan.hash[i]!);
  passagePoints(scan.bits, count, isNew, points);
  const path = hashText(field.path);
  const known = texts.known(call.endpoint);
  const source = (known ? Trait.novel : 0) | (call.risk.untrusted ? Trait.untrusted : 0);
  let under = 0;
  for (let i = 0; i < count; i++) {
    const words = scan.length(i);
    under = i > 0 && scan.key[i] === scan.key[i - 1] ? under + words : words;
    const key = join(path, scan.key[i]!);
    if ((lengths.get(key) ?? 0) < under && (lengths.has(key) || lengths.size < MAXIMUM_KEYS))
      lengths.set(key, under);
    numbers[i] = -1;
    if (!isNew(i)) continue;
    const sentence = join(tool, scan.hash[i]!);
    readings.fresh ??= new SeenSet(LEARNT_SENTENCES);
    const repeated = words >= PROSE_WORDS && readings.fresh.has(sentence);
    readings.fresh.add(sentence);
    const longest = texts.longest(call.endpoint, key);
    const misplaced = !known
      ? 0
      : longest === undefined
        ? Trait.newKey
        : under > OVERLONG * longest + OVERLONG_WORDS
          ? Trait.overlong
          : 0;
    const traits = source | misplaced | traitsOf(scan.bits[i]!, words) | (repeated ? Trait.repeated : 0);
    readings.passages ??= new Passages();
    numbers[i] = readings.passages.add(
      traits,
      points[i]!,
      call.index,
      sentence,
      scan.words,
      scan.wordFrom[i]!,
      scan.wordFrom[i + 1]!,
    );
  }
  const { names } = scan;
  if (!readings.passages && names.count > 0 && known) readings.passages = new Passages();
  for (let i = 0; i < names.count; i++) {
    const sentence = names.sentence[i]!;
    const number = sentence < count ? numbers[sentence]! : -1;
    readings.passages?.name(names.hash[i]!, number < 0 ? KNOWN : number);
  }
}

function traitsOf(bits: number, words: number): number {
  return (
    (words >= PROSE_WORDS && !(bits & Mark.record) ? Trait.prose : 0) |
    (bits & Mark.command ? Trait.command : 0) |
    (bits & Word.you ? Trait.you : 0) |
    (bits & (Word.oblige | Word.urgent) ? Trait.oblige : 0)
  );
}
