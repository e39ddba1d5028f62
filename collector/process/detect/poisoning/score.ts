/**
 * How likely it is that a call follows a sentence that was put there for the agent, by two ways.
 *
 * Text: the passage reads like instructions to the agent (points.ts) and the call takes something from it; two
 * independent signs that fit together. Flow: where the sentence stands, where the call sends something and how much of
 * the call the sentence gives, whatever it says and in whatever language.
 */
import type { Call } from '../call.ts';
import type { Following } from './following.ts';
import { Trait } from './passages.ts';

/** Points of a passage that reads like instructions to the agent. */
export const TEXT_POINTS = 4;
/** Above every score by flow. */
const CONFIRMED = 20;

export interface Verdict {
  readonly score: number;
  readonly confirmed: boolean;
}

export function verdictOf(following: Following, call: Call): Verdict {
  const { sentence, values, short, toolWords } = following;
  const takes = values > 0 || (short > 0 && toolWords > 0);
  if (takes && sentence.points >= TEXT_POINTS)
    return {
      score: CONFIRMED + sentence.points + Math.min(values, 4),
      confirmed: (sentence.traits & Trait.novel) !== 0,
    };
  return { score: flowScore(following, call), confirmed: false };
}

const has = (traits: number, trait: number): number => (traits & trait ? 1 : 0);

/** Sum of what each sign is worth, in halves of log2 odds. */
export function flowScore(following: Following, call: Call): number {
  const { sentence, destination, novelty, values, toolWords } = following;
  const { traits } = sentence;
  if (values === 0 || !(traits & Trait.prose)) return 0;
  return (
    (destination ? (novelty === 'new' ? 4 : novelty === 'new to type' ? 3 : 0) : 0) +
    2 * has(traits, Trait.novel) +
    2 * has(traits, Trait.command) +
    has(traits, Trait.oblige) +
    has(traits, Trait.untrusted) +
    2 * (traits & (Trait.newKey | Trait.overlong) ? 1 : 0) +
    Math.min(2, values - 1) +
    Math.min(1, toolWords) +
    (call.risk.sink || call.risk.outward ? 1 : 0) +
    Math.min(3, sentence.points)
  );
}
