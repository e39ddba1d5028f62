/** What the on-call reads about poisoning: what happened and why it is unusual, without a word of the payload. */
import type { Call } from '../call.ts';
import type { Change } from './definitions.ts';
import type { Following } from './following.ts';
import { Trait } from './passages.ts';

export function changedDefinition({ tool, server }: Call, { together, timeMs }: Change): string {
  const others = together > 1 ? `, together with ${together - 1} others of that server` : '';
  const when = new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
  return `\`${tool}\` of \`${server}\` was called although its definition changed at ${when} UTC${others}; the one listed before was the approved one.`;
}

export function followedPassage(call: Call, following: Following, type: string, sessions: number): string {
  const { sentence, destination, novelty, values } = following;
  const back = call.index - sentence.call;
  const when = back === 1 ? 'in the call before' : `${back} calls earlier`;
  const took = values > 1 ? `${values} of its arguments` : 'an argument';
  const to =
    destination && novelty !== 'used'
      ? `; it reaches \`${destination.shown}\`, ${unused(novelty, type, sessions)}`
      : '';
  return `\`${call.tool}\` took ${took} from a passage that a tool returned ${when}. The passage ${why(following)}${to}.`;
}

const unused = (novelty: Following['novelty'], type: string, sessions: number): string =>
  novelty === 'new'
    ? 'which no session used before'
    : `which none of ${sessions} sessions of type ${type} used before`;

function why({ sentence: { traits, points } }: Following): string {
  const reasons = [
    ...(points >= 4 ? [`reads like instructions to an agent (${points} points)`] : []),
    ...(traits & Trait.novel ? ['is none that the tool gave in other sessions'] : []),
    ...(traits & (Trait.newKey | Trait.overlong) ? ['stands where the tool usually has no such text'] : []),
    ...(points < 4 && traits & Trait.command ? ['is a command'] : []),
    ...(traits & Trait.repeated ? ['stood in several results'] : []),
  ];
  return reasons.length === 0
    ? 'is free text, from which this tool hardly ever takes anything'
    : reasons.join(', ');
}
