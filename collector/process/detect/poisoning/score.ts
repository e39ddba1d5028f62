/**
 * How likely it is that a call follows a sentence that was put there for the agent, by two ways.
 *
 * Text: the passage reads like instructions to the agent (points.ts) and the call takes something from it; two
 * independent signs that fit together. Flow: how unusual it is for the tool to return such a sentence and for the called
 * tool to take anything from one (bits, habits.ts), where the call reaches, and where the sentence stands; whatever it
 * says and in whatever language. Weights are round numbers near the log odds on recorded sessions of one phrasing.
 */
import type { Call } from '../call.ts';
import type { Following } from './following.ts';
import { Trait } from './passages.ts';
import { TEXT_POINTS } from './points.ts';

/** While the tool is not known, the sentence may be what it always says. */
const UNKNOWN_TOOL_POINTS = 6;
/** Above every score by flow. */
const CONFIRMED = 25;
/** More bits than some dozens of sessions can give are no knowledge. */
const MOST_NEWS_BITS = 5;
const MOST_TAKING_BITS = 6;

export interface Verdict {
  readonly score: number;
  readonly confirmed: boolean;
}

/** `newsBits`: that its tool returns a new sentence; `takingBits`: that the called tool takes something from one. */
export interface Rarity {
  readonly newsBits: number;
  readonly takingBits: number;
}

export function verdictOf(following: Following, call: Call, rarity: Rarity): Verdict {
  const { sentence, values, short, toolWords } = following;
  const takes = values > 0 || (short > 0 && toolWords > 0);
  if (takes && sentence.points >= TEXT_POINTS)
    return {
      score: CONFIRMED + sentence.points + Math.min(values, 4),
      confirmed: (sentence.traits & Trait.novel) !== 0 || sentence.points >= UNKNOWN_TOOL_POINTS,
    };
  return { score: flowScore(following, call, rarity), confirmed: false };
}

const has = (traits: number, trait: number): number => (traits & trait ? 1 : 0);

/** 0 where nothing but words is in common, or the call only looks something up. */
function flowScore(following: Following, { risk }: Call, { newsBits, takingBits }: Rarity): number {
  const { sentence, destination, values, toolWords } = following;
  const { traits, points } = sentence;
  if (values === 0 || !(traits & Trait.prose) || !(risk.sink || risk.outward || destination)) return 0;
  return (
    Math.min(MOST_NEWS_BITS, newsBits) +
    Math.min(MOST_TAKING_BITS, takingBits) +
    reach(following) +
    has(traits, Trait.command) +
    has(traits, Trait.oblige) / 2 +
    has(traits, Trait.you) / 2 +
    1.5 * has(traits, Trait.newKey | Trait.overlong) +
    has(traits, Trait.untrusted) / 2 +
    Math.min(1, toolWords) / 2 +
    Math.min(2, values - 1) / 2 +
    (risk.sink ? 1 : 0) +
    Math.min(3, points) -
    (following.inRecord ? 1 : 0)
  );
}

/** An account that others were paid to is still no destination of this session; a domain that others write to mostly is. */
function reach({ destination, novelty }: Following): number {
  if (!destination) return -3;
  if (novelty === 'unknown') return 0;
  if (novelty === 'new') return 3;
  if (novelty === 'new to type') return 2;
  return destination.kind === 'account' ? 1.5 : -5;
}
