/**
 * Finds sessions that leave what sessions of their type do: tools foreign to the type, and orders of calls never seen.
 *
 * A tool that the type never used weighs as much as new tools are rare in it, more if its category or server is new to
 * the type too, and most when sessions of other types used it all along, since then no release explains it. Weights of
 * a session's foreign tools add up (nats, of independent chances). One foreign tool of a known kind only supports other
 * evidence: in recorded sessions 10 % of new tasks have one. Of types whose tasks each bring new tools, only tools of types
 * that share nothing with them are judged. A new tool that several principals take up within a day is
 * a release. Order alone (top two surprisals, see `transitions.ts`) always only supports.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import type { Detector, Report } from '../detector.ts';
import { categoryOf } from '../tool-category.ts';
import { Profile, type Step, savedProfileSchema } from './profile.ts';
import { START } from './transitions.ts';

/** Calls of a session that are learnt from. */
const MAXIMUM_STEPS = 64;
/** Foreign tools of a session that are told apart. */
const MAXIMUM_FOREIGN = 16;
const MAXIMUM_TYPES = 50;
const MAXIMUM_ENDPOINTS = 20_000;
/** Sessions of other types that must have used a tool for it to be theirs. */
const ESTABLISHED_SESSIONS = 3;
/** A tool that this many principals of a type newly use within a day was given to them. */
const RELEASE_PRINCIPALS = 5;
const RELEASE_WINDOW_MS = 86_400_000;
const MAXIMUM_PENDING = 1_000;
/** Sums of surprisals of the last sessions, to say what is usual. */
const MAXIMUM_SUMS = 500;
const MINIMUM_SUMS = 100;

interface Foreign {
  readonly step: Step;
  readonly call: number;
  readonly weight: number;
  readonly stranger: boolean;
}

export interface SequenceState {
  /** Made with the first: an empty one would have room for 17 at once. */
  steps: Step[] | undefined;
  /** Foreign tools, once each, with the calls that used them first. */
  foreign: Foreign[] | undefined;
  /** The two largest surprisals. */
  first: number;
  second: number;
  told: boolean;
}

interface Learnt {
  readonly profile: Profile;
  /** Sums of the two largest surprisals of finished sessions, each from before it was learnt from. */
  readonly sums: number[];
}

const savedSchema = Type.Object({
  types: Type.Array(
    Type.Object({ type: Type.String(), profile: savedProfileSchema, sums: Type.Array(Type.Number()) }),
  ),
});
const savedCheck = Compile(savedSchema);

export class Sequence implements Detector<SequenceState> {
  readonly name = 'sequence';
  readonly #types = new Bounded<Learnt>(MAXIMUM_TYPES);
  /** One object for each tool, whoever calls it. */
  readonly #steps = new Bounded<Step>(MAXIMUM_ENDPOINTS);
  /** New tools of a type, and who took them up. */
  readonly #pending = new Bounded<{ sinceMs: number; readonly principals: Set<string> }>(MAXIMUM_PENDING);

  open(): SequenceState {
    return { steps: undefined, foreign: undefined, first: 0, second: 0, told: false };
  }

  /** A name that no server stood by is the caller's invention. */
  cares(call: Call): boolean {
    return call.outcome !== 'protocol_error';
  }

  observe(call: Call, session: SessionFacts, state: SequenceState, report: Report): void {
    if (!this.cares(call)) return;
    const step = this.#steps.use(call.endpoint, () => ({
      endpoint: call.endpoint,
      server: call.server,
      category: categoryOf(call.server, call.tool),
    }));
    const learnt = this.#types.get(session.type);
    if (learnt !== undefined && learnt.profile.sessions > 0)
      this.#judge(call, step, learnt, session, state, report);
    if (state.steps === undefined) state.steps = [step];
    else if (state.steps.length < MAXIMUM_STEPS) state.steps.push(step);
  }

  learn(session: SessionFacts, state: SequenceState): void {
    if (state.steps === undefined) return;
    const learnt = this.#types.use(session.type, () => ({ profile: new Profile(), sums: [] }));
    if (learnt.profile.learnt) {
      learnt.sums.push(state.first + state.second);
      if (learnt.sums.length > MAXIMUM_SUMS) learnt.sums.shift();
    }
    learnt.profile.learn(state.steps);
  }

  /** Entries that had to make room, and what there was no room to learn. */
  evicted(): number {
    let dropped = this.#types.evicted + this.#steps.evicted + this.#pending.evicted;
    for (const [, { profile }] of this.#types.entries())
      dropped += profile.overflow + profile.transitions.overflow;
    return dropped;
  }

  snapshot(): unknown {
    return {
      types: [...this.#types.entries()].map(([type, { profile, sums }]) => ({
        type,
        profile: profile.snapshot(),
        sums: [...sums],
      })),
    };
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#types.clear();
    for (const { type, profile, sums } of saved.types)
      this.#types
        .use(type, () => ({ profile: new Profile(), sums: sums.slice(-MAXIMUM_SUMS) }))
        .profile.restore(profile);
    return true;
  }

  #judge(
    call: Call,
    step: Step,
    learnt: Learnt,
    session: SessionFacts,
    state: SequenceState,
    report: Report,
  ): void {
    const { profile } = learnt;
    if (!profile.isKnown) return;
    const { learnt: isLearnt } = profile;
    if (!profile.tools.has(step.endpoint) && (isLearnt || this.#isOfStrangers(step, profile, session.type)))
      this.#foreign(call, step, profile, session, state, report);
    if (isLearnt) this.#order(call, step, learnt, session, state, report);
  }

  #foreign(
    call: Call,
    step: Step,
    profile: Profile,
    session: SessionFacts,
    state: SequenceState,
    report: Report,
  ): void {
    state.foreign ??= [];
    const { foreign } = state;
    if (foreign.length >= MAXIMUM_FOREIGN || foreign.some((other) => other.step === step)) return;
    if (this.#isRelease(call, session)) return;
    const elsewhere = this.#elsewhere(step.endpoint, session.type);
    const owned = elsewhere >= ESTABLISHED_SESSIONS;
    const newCategory = step.category !== undefined && !profile.categories.has(step.category);
    const newServer = !profile.servers.has(step.server);
    const shared = owned ? this.#shared(profile, session.type) : 0;
    let weight = profile.newness(profile.tools, owned ? shared / profile.tools.size : 1);
    // A tool of types with which this one shares nothing is as new as a server is.
    const stranger = owned && shared === 0;
    if (stranger && !foreign.some((other) => other.stranger)) weight += profile.newness(profile.servers);
    if (newCategory && !foreign.some((other) => other.step.category === step.category))
      weight += profile.newness(profile.categories);
    if (newServer && !foreign.some((other) => other.step.server === step.server))
      weight += profile.newness(profile.servers);
    foreign.push({ step, call: call.index, weight, stranger });
    const excursion = foreign.length > 1 || newCategory || newServer || owned;
    const names = foreign.map((other) => `\`${other.step.endpoint}\``);
    const kinds = [
      ...(newCategory ? [`no ${step.category} tool`] : []),
      ...(newServer ? [`no tool of \`${step.server}\``] : []),
    ];
    report(session, {
      detector: 'sequence',
      certainty: excursion ? 'scored' : 'supporting',
      score: foreign.reduce((sum, other) => sum + other.weight, 0),
      message: [
        `${names.slice(-3).join(', ')}: 0 of ${profile.sessions} sessions of type ${session.type} used ${foreign.length === 1 ? 'it' : `any of these ${foreign.length} tools`}`,
        ...(kinds.length > 0 ? [`, which used ${kinds.join(' and ')}`] : []),
        ...(owned
          ? [
              `; ${elsewhere} sessions of ${stranger ? `types that share no tool with it` : 'other types'} used \`${step.endpoint}\``,
            ]
          : []),
        '.',
      ].join(''),
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: foreign.map((other) => other.call),
        baseline: {
          sessions: profile.sessions,
          sets: profile.sets,
          tools: profile.tools.size,
          foreignTools: foreign.length,
          sessionsOfOtherTypes: elsewhere,
        },
      },
    });
  }

  #order(
    call: Call,
    step: Step,
    { profile, sums }: Learnt,
    session: SessionFacts,
    state: SequenceState,
    report: Report,
  ): void {
    const before = state.steps?.at(-1)?.endpoint;
    const surprisal = profile.transitions.surprisal(state.steps?.at(-2)?.endpoint, before, step.endpoint);
    if (surprisal <= state.second) return;
    state.second = Math.min(state.first, surprisal);
    state.first = Math.max(state.first, surprisal);
    if (state.told || sums.length < MINIMUM_SUMS) return;
    const last = before ?? START;
    const { seen, total, successors } = profile.transitions.counts(last, step.endpoint);
    if (seen > 0) return;
    const sum = state.first + state.second;
    let higher = 0;
    for (const usual of sums) if (usual >= sum && ++higher * 100 > sums.length) return;
    state.told = true;
    report(session, {
      detector: 'sequence',
      certainty: 'supporting',
      // Below what any foreign tool weighs.
      score: sum / (sum + 100),
      message:
        last === START
          ? `A session of type ${session.type} began with \`${step.endpoint}\`: 0 of ${total} did.`
          : `\`${step.endpoint}\` after \`${last}\`: 0 of ${profile.sessions} sessions of type ${session.type}; \`${last}\` seen ${total} times with ${successors} distinct successors.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [call.index],
        baseline: { sessions: profile.sessions, seen, total, successors, atLeastAsUnusual: higher },
      },
    });
  }

  /** Sessions of other types that used a tool. */
  #elsewhere(endpoint: string, type: string): number {
    let sessions = 0;
    for (const [other, { profile }] of this.#types.entries())
      if (other !== type) sessions += profile.tools.get(endpoint)?.sessions ?? 0;
    return sessions;
  }

  /** A type that always brings new tools is still surprised by one of types with which it shares nothing. */
  #isOfStrangers({ endpoint }: Step, profile: Profile, type: string): boolean {
    return this.#elsewhere(endpoint, type) >= ESTABLISHED_SESSIONS && this.#shared(profile, type) === 0;
  }

  /** Tools of a type that other types use too: where most are, a tool of others is no sign. */
  #shared(profile: Profile, type: string): number {
    let shared = 0;
    for (const endpoint of profile.tools.keys())
      if (this.#elsewhere(endpoint, type) >= ESTABLISHED_SESSIONS) shared++;
    return shared;
  }

  #isRelease(call: Call, session: SessionFacts): boolean {
    const taken = this.#pending.use(`${session.type}\n${call.endpoint}`, () => ({
      sinceMs: call.timeMs,
      principals: new Set<string>(),
    }));
    if (call.timeMs - taken.sinceMs > RELEASE_WINDOW_MS) {
      taken.principals.clear();
      taken.sinceMs = call.timeMs;
    }
    if (taken.principals.size < RELEASE_PRINCIPALS) taken.principals.add(session.principal);
    return taken.principals.size >= RELEASE_PRINCIPALS;
  }
}
