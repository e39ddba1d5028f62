/** Takes in what a tool returned: what of it is new for the tool, reads like instructions, or is out of place. */
import type { Call } from '../call.ts';
import type { Field } from '../payload.ts';
import { hashText, join } from '../text/hash.ts';
import { Word } from '../text/lexicon.ts';
import { Mark, type Scan } from '../text/scan.ts';
import { scanned } from '../text/scanned.ts';
import { SeenSet } from '../text/seen-set.ts';
import { KNOWN, Passages, Trait } from './passages.ts';
import { passagePoints, TEXT_POINTS } from './points.ts';
import { isKnown, type KnownTool, MAXIMUM_KEYS, type ToolTexts } from './tool-texts.ts';

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
  /** Those of them that stand in a passage that reads like instructions. */
  suspicious: Set<number> | undefined;
  /** What each tool gave and took, by endpoint. */
  tools: readonly ToolReading[];
}

export interface ToolReading {
  readonly endpoint: string;
  /** Values longer than any under their key so far: key, then words. */
  lengths: number[] | undefined;
  /** It gave a result. */
  gave: boolean;
  /** Sentences of free text, and how many of them were new to the tool; counted once the tool is known. */
  prose: number;
  fresh: number;
  /** Whether it took an argument from a new sentence of a known tool; undefined while it had none. */
  took: boolean | undefined;
}

const none: readonly ToolReading[] = [];

export const newReadings = (): Readings => ({
  passages: undefined,
  fresh: undefined,
  suspicious: undefined,
  tools: none,
});

/** Where a tool is noted; undefined when the session has too many. */
export function readingOf(endpoint: string, readings: Readings): ToolReading | undefined {
  const { tools } = readings;
  const known = tools.find((tool) => tool.endpoint === endpoint);
  if (known || tools.length >= LEARNT_TOOLS) return known;
  const made = { endpoint, lengths: undefined, gave: false, prose: 0, fresh: 0, took: undefined };
  // No longer than it must be: one that is pushed to has room for 17.
  readings.tools = [...tools, made];
  return made;
}

const points = new Uint8Array(1_024);
const numbers = new Int32Array(1_024);
const fresh = new Uint8Array(1_024);
/** What a call could use: telling words, or a name. */
const keeps = new Uint8Array(1_025);

export function readResult(call: Call, texts: ToolTexts, readings: Readings): void {
  const { endpoint } = call;
  const tool = texts.hashOf(endpoint);
  const reading = readingOf(endpoint, readings);
  if (!reading) return;
  reading.gave = true;
  const usual = texts.of(endpoint);
  for (const field of call.result!.fields) readField(field, call, tool, usual, texts, reading, readings);
}

function readField(
  field: Field,
  call: Call,
  tool: number,
  usual: KnownTool | undefined,
  texts: ToolTexts,
  reading: ToolReading,
  readings: Readings,
): void {
  const scan = scanned(field.text);
  const count = scan.sentenceCount;
  const { names } = scan;
  let news = 0;
  for (let i = 0; i < count; i++) {
    fresh[i] = texts.has(tool, scan.hash[i]!) ? 0 : 1;
    news += fresh[i]!;
  }
  passagePoints(scan.bits, count, fresh, points);
  if (news > 0) makeRoom(scan, news, readings);
  const path = hashText(field.path);
  const known = isKnown(usual);
  const source = (known ? Trait.novel : 0) | (call.risk.untrusted ? Trait.untrusted : 0);
  const number = readings.tools.indexOf(reading);
  let under = 0;
  for (let i = 0; i < count; i++) {
    const length = scan.length(i);
    under = i > 0 && scan.key[i] === scan.key[i - 1] ? under + length : length;
    const key = join(path, scan.key[i]!);
    if (under > (usual?.keys.get(key) ?? 0)) noteLength(reading, key, under);
    numbers[i] = -1;
    const prose = traitsOf(scan.bits[i]!, scan.parts[i]!) & Trait.prose;
    if (known && prose) reading.prose++;
    if (!fresh[i]) continue;
    if (known && prose) reading.fresh++;
    const sentence = join(tool, scan.hash[i]!);
    // False when it was there already.
    const first = readings.fresh!.add(sentence);
    const repeated = !first && scan.parts[i]! >= PROSE_WORDS;
    if (points[i]! >= TEXT_POINTS) noteSuspicious(readings, sentence);
    if (!keeps[i]) continue;
    const longest = usual?.keys.get(key);
    const misplaced = !known
      ? 0
      : longest === undefined
        ? Trait.newKey
        : under > OVERLONG * longest + OVERLONG_WORDS
          ? Trait.overlong
          : 0;
    const traits =
      source | misplaced | traitsOf(scan.bits[i]!, scan.parts[i]!) | (repeated ? Trait.repeated : 0);
    numbers[i] = readings.passages!.add(
      traits,
      points[i]!,
      call.index,
      number,
      sentence,
      scan.words,
      scan.wordFrom[i]!,
      scan.wordFrom[isTelling(scan, i) ? i + 1 : i]!,
    );
  }
  if (!readings.passages && names.count > 0 && (known || news > 0)) readings.passages = new Passages();
  for (let i = 0; i < names.count; i++) {
    const sentence = names.sentence[i]!;
    const standsIn = sentence < count ? numbers[sentence]! : -1;
    readings.passages?.name(names.hash[i]!, standsIn < 0 ? KNOWN : standsIn);
  }
}

/** Says in `keeps` which new sentences are remembered, and makes room for them at once. */
function makeRoom(scan: Scan, news: number, readings: Readings): void {
  const { names, sentenceCount: count } = scan;
  let words = 0;
  let kept = 0;
  keeps.fill(0, 0, count);
  for (let i = 0; i < names.count; i++) keeps[names.sentence[i]!] = 1;
  for (let i = 0; i < count; i++) {
    if (fresh[i] && isTelling(scan, i)) {
      keeps[i] = 1;
      words += scan.length(i);
    }
    if (fresh[i] && keeps[i]) kept++;
  }
  readings.fresh ??= new SeenSet(LEARNT_SENTENCES);
  readings.fresh.reserve(news);
  if (kept === 0) return;
  readings.passages ??= new Passages();
  readings.passages.reserve(kept, words, names.count);
}

/** Nothing can follow from the words of a value in a record that reads like no instruction: only its names matter. */
const isTelling = ({ parts }: Scan, sentence: number): boolean =>
  parts[sentence]! >= PROSE_WORDS || points[sentence]! >= TEXT_POINTS;

function noteSuspicious(readings: Readings, sentence: number): void {
  readings.suspicious ??= new Set();
  if (readings.suspicious.size < LEARNT_SENTENCES) readings.suspicious.add(sentence);
}

function noteLength(reading: ToolReading, key: number, words: number): void {
  reading.lengths ??= [];
  const { lengths } = reading;
  // Small whole numbers are kept without a box.
  const small = key | 0;
  for (let i = 0; i < lengths.length; i += 2)
    if (lengths[i] === small) {
      if (lengths[i + 1]! < words) lengths[i + 1] = words;
      return;
    }
  if (lengths.length < 2 * MAXIMUM_KEYS) lengths.push(small, words);
}

function traitsOf(bits: number, parts: number): number {
  return (
    (parts >= PROSE_WORDS ? Trait.prose : 0) |
    (bits & Mark.command ? Trait.command : 0) |
    (bits & Word.you ? Trait.you : 0) |
    (bits & (Word.oblige | Word.urgent) ? Trait.oblige : 0)
  );
}
