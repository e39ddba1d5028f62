/** What a session was refused, and what it learnt since. */
import type { Call, Decision } from '../call.ts';
import type { Payload } from '../payload.ts';
import { hashText } from '../text/hash.ts';
import { scanned } from '../text/scanned.ts';

/** Calls and time within which a refused thing that is achieved otherwise belongs to the refusal. */
const WITHIN_CALLS = 10;
const WITHIN_MS = 30 * 60_000;
/** Between a policy decision and the call it was about. */
const DECISION_MS = 60_000;
const MOST_DENIALS = 8;
const MOST_LEARNT = 256;
/** Shorter words name no resource. */
const RESOURCE_LENGTH = 4;
const MOST_RESOURCES = 32;
const LONGEST_ERROR = 400;
const LONGEST_VALUE = 512;

const refusedOutcomes: ReadonlySet<string> = new Set(['denied', 'blocked', 'auth_denied']);
/** Tools that report a refusal as an error of their own. */
const refusal =
  /\b(?:access|permission)s? (?:is |was |has been )?(?:denied|refused|required)|\bforbidden\b|\bunauthori[sz]ed\b|\bnot (?:authori[sz]ed|permitted|allowed)\b|\binsufficient (?:permission|privilege|scope|right)s?\b|\b40[13]\b/i;
/** Words of requests rather than of what they are about. */
const common = new Set(
  'select from where update delete insert into values limit order true false null none name list read write file files path query http https json text data user users admin'.split(
    ' ',
  ),
);

export interface Denial {
  readonly call: number;
  readonly timeMs: number;
  readonly endpoint: string;
  /** What it was about: hashes of the words and names in its arguments. */
  readonly resources: ReadonlySet<number>;
  /** The same endpoint and arguments are the same try. */
  readonly attempt: number;
}

export interface Learnt {
  readonly call: number;
  readonly endpoint: string;
}

export interface DenialState {
  denials: readonly Denial[];
  /** Names that results gave since the first denial, with the call that gave them. */
  learnt: ReadonlyMap<number, Learnt>;
  /** A policy refused a tool; the call itself comes with its arguments. */
  pending: { endpoint: string; timeMs: number } | undefined;
}

/** Shared by all sessions without refusals. */
const none: readonly Denial[] = [];
const nothing: ReadonlyMap<number, Learnt> = new Map();

export const newDenialState = (): DenialState => ({ denials: none, learnt: nothing, pending: undefined });

export function noteDecision({ decision, server, tool, timeMs }: Decision, state: DenialState): void {
  if (decision === 'deny') state.pending = { endpoint: `${server}/${tool}`, timeMs };
}

/** True when the call was refused. */
export function isRefused(call: Call, state: DenialState): boolean {
  if (call.outcome === 'ok') return false;
  if (refusedOutcomes.has(call.outcome)) return true;
  const { pending } = state;
  if (pending?.endpoint === call.endpoint && Math.abs(call.timeMs - pending.timeMs) <= DECISION_MS)
    return true;
  return (call.result?.fields ?? []).some(({ text }) => text.length <= LONGEST_ERROR && refusal.test(text));
}

export function noteDenial(call: Call, state: DenialState): void {
  state.pending = undefined;
  const denial = {
    call: call.index,
    timeMs: call.timeMs,
    endpoint: call.endpoint,
    resources: resourcesOf(call.arguments),
    attempt: hashText(`${call.endpoint} ${call.arguments?.fields.map(({ text }) => text).join(' ') ?? ''}`),
  };
  state.denials = [...state.denials, denial].slice(-MOST_DENIALS);
}

/** Denials near enough to matter for a call, the newest first. */
export const recentDenials = ({ denials }: DenialState, call: Call): Denial[] =>
  denials
    .filter((denial) => call.index - denial.call <= WITHIN_CALLS && call.timeMs - denial.timeMs <= WITHIN_MS)
    .reverse();

/** Takes in what a result says, once something was refused. */
export function learnNames(call: Call, state: DenialState): void {
  if (state.denials.length === 0 || !call.result) return;
  const learnt = new Map(state.learnt);
  for (const { text } of call.result.fields) {
    const { names } = scanned(text);
    for (let i = 0; i < names.count && learnt.size < MOST_LEARNT; i++)
      if (!learnt.has(names.hash[i]!))
        learnt.set(names.hash[i]!, { call: call.index, endpoint: call.endpoint });
  }
  state.learnt = learnt;
}

/** Names in the arguments of a call. */
export function* namesOf(payload: Payload | undefined): Generator<{ hash: number; path: string }> {
  for (const { path, text } of payload?.fields ?? []) {
    const { names } = scanned(text);
    for (let i = 0; i < names.count; i++) yield { hash: names.hash[i]!, path };
  }
}

export function resourcesOf(payload: Payload | undefined): Set<number> {
  const resources = new Set<number>();
  for (const { text } of payload?.fields ?? []) {
    if (text.length > LONGEST_VALUE) continue;
    for (const word of text.toLowerCase().split(/[^\p{L}\p{N}_-]+/u)) {
      if (word.length < RESOURCE_LENGTH || common.has(word) || resources.size >= MOST_RESOURCES) continue;
      resources.add(hashText(word));
    }
  }
  for (const { hash } of namesOf(payload)) if (resources.size < MOST_RESOURCES) resources.add(hash);
  return resources;
}
