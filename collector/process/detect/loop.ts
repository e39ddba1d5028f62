/**
 * Finds agents that go round in circles: the same call with the same arguments and the same result, or two to four calls in
 * turn, again and again.
 *
 * A result that changes is progress, so a poll that waits for something counts only while nothing happens. How often a
 * tool is asked the same in ordinary sessions is learnt for each tool: the limit is twice the most seen in 99 of 100
 * sessions, and never below six rounds. Ten times the limit is confirmed where 30 sessions say what is usual and each
 * round changes something: reading the same again is also what waiting for something looks like, and wakes nobody.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from './bounded.ts';
import type { Call, SessionFacts, ToolRisk } from './call.ts';
import type { Detector, Report } from './detector.ts';
import type { Payload } from './payload.ts';
import { hashNext, hashText, join, mix } from './text/hash.ts';

/** Calls named as evidence. */
const MOST_NAMED = 32;
const LONGEST_CYCLE = 4;
const LEAST_ROUNDS = 6;
const TIMES_USUAL = 2;
/**
 * So many times the limit, of a tool whose sessions are known, nobody changes the same: that is a runaway, and certain. In
 * 1,118 benign recorded sessions the most rounds of any call are 26, and of one that changes something 3.
 */
const RUNAWAY_TIMES = 10;
const KNOWN_SESSIONS = 30;
const MAXIMUM_TOOLS = 2_000;
/** Rounds told apart for each tool. */
const MAXIMUM_ROUNDS = 64;
/** Sessions of a tool after which its counts are halved. */
const AGE_AFTER = 10_000;

export interface LoopState {
  calls: number;
  /** Hashes of the last calls with their results, as many as the longest cycle has, in turn. */
  readonly last: number[];
  /** Rounds of each length of cycle so far. */
  readonly rounds: number[];
  /** Most rounds of one call, by its tool. */
  most: { endpoint: string; rounds: number } | undefined;
  told: number;
  /** Calls since the last one that changes something. */
  sinceChange: number;
}

const savedCheck = Compile(Type.Array(Type.Tuple([Type.String(), Type.Array(Type.Integer({ minimum: 0 }))])));

export class Loop implements Detector<LoopState> {
  readonly name = 'loop';
  /** Of each tool, sessions by the most rounds in them. */
  readonly #tools = new Bounded<number[]>(MAXIMUM_TOOLS);

  open(): LoopState {
    return { calls: 0, last: [0, 0, 0, 0], rounds: [0, 0, 0, 0], most: undefined, told: 0, sinceChange: 0 };
  }

  /** What nobody sent, or a restart forgot, is not the same again. */
  cares(call: Call): boolean {
    return call.result !== undefined || (call.arguments !== undefined && call.outcome !== 'ok');
  }

  observe(call: Call, session: SessionFacts, state: LoopState, report: Report): void {
    if (!this.cares(call)) return;
    const { last, rounds } = state;
    state.sinceChange = changes(call.risk) ? 0 : state.sinceChange + 1;
    // Signed, since that takes no box.
    const hash =
      join(
        join(hashText(call.endpoint), hashOf(call.arguments)),
        join(hashOf(call.result), hashText(call.outcome)),
      ) | 0;
    let worst = 0;
    let cycle = 0;
    for (let length = 1; length <= LONGEST_CYCLE; length++) {
      const again = state.calls >= length && last[(state.calls - length) % LONGEST_CYCLE] === hash;
      rounds[length - 1] = again ? (rounds[length - 1] as number) + 1 : 0;
      const complete = Math.floor((rounds[length - 1] as number) / length) + (again ? 1 : 0);
      if (complete > worst) {
        worst = complete;
        cycle = length;
      }
    }
    last[state.calls++ % LONGEST_CYCLE] = hash;
    if (worst < 2) return;
    if (cycle === 1 && worst > (state.most?.rounds ?? 1))
      state.most = { endpoint: call.endpoint, rounds: worst };
    if (worst < LEAST_ROUNDS) return;
    const { limit, usual, sessions } = this.#limit(call.endpoint);
    if (worst < limit || worst < 2 * state.told) return;
    state.told = worst;
    const isRunaway =
      sessions >= KNOWN_SESSIONS && worst >= RUNAWAY_TIMES * limit && state.sinceChange < cycle;
    const what =
      cycle === 1 ? 'the same arguments' : `${cycle - 1} other ${cycle === 2 ? 'call' : 'calls'} in turn`;
    report(session, {
      detector: 'loop',
      certainty: isRunaway ? 'confirmed' : 'scored',
      score: worst / limit,
      message: `\`${call.tool}\` ${worst} times with ${what} and the same result${cycle === 1 ? '' : 's'}, so nothing comes of it; in ${sessions} sessions that asked this tool the same again, 99 % stopped at ${usual}.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: Array.from({ length: Math.min(MOST_NAMED, worst * cycle) }, (_, i) => call.index - i)
          .filter((index) => index >= 0)
          .reverse(),
        baseline: { rounds: worst, limit, sessions, p99: usual },
      },
    });
  }

  learn(_session: SessionFacts, { most }: LoopState): void {
    if (!most) return;
    const counts = this.#tools.use(most.endpoint, () => []);
    const rounds = Math.min(MAXIMUM_ROUNDS, most.rounds);
    counts[rounds] = (counts[rounds] ?? 0) + 1;
    if (sumOf(counts) < AGE_AFTER) return;
    for (let i = 0; i < counts.length; i++) counts[i] = (counts[i] ?? 0) >>> 1;
  }

  /** Tools that had to make room. */
  evicted(): number {
    return this.#tools.evicted;
  }

  snapshot(): unknown {
    return [...this.#tools.entries()].map(([tool, counts]) => [
      tool,
      Array.from(counts, (count) => count ?? 0),
    ]);
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const [tool, counts] of saved) this.#tools.use(tool, () => counts.slice(0, MAXIMUM_ROUNDS + 1));
    return true;
  }

  #limit(endpoint: string): { limit: number; usual: number; sessions: number } {
    const counts = this.#tools.get(endpoint) ?? [];
    const sessions = sumOf(counts);
    let left = sessions * 0.01;
    let usual = 0;
    for (let rounds = counts.length - 1; rounds > 0 && usual === 0; rounds--) {
      left -= counts[rounds] ?? 0;
      if (left < 0) usual = rounds;
    }
    return { limit: Math.max(LEAST_ROUNDS, TIMES_USUAL * usual), usual, sessions };
  }
}

/** A name with words of both kinds, such as `get_update_status`, is no proof; what the operator or the server says is. */
const changes = ({ sink, sensitive, provenance }: ToolRisk): boolean =>
  sink && (provenance !== 'name' || !sensitive);

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + (count ?? 0), 0);

/** Of long texts a sample, spread over all of it: what changes while a tool works is seldom in one place only. */
function hashOf(payload: Payload | undefined): number {
  if (payload === undefined) return 0;
  let hash = payload.length;
  for (const { text } of payload.fields) {
    const step = Math.max(1, text.length >>> 8);
    for (let i = 0; i < text.length; i += step) hash = hashNext(hash, text.charCodeAt(i));
    hash = hashNext(hash, text.length);
  }
  return mix(hash);
}
