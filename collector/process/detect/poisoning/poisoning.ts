/**
 * Tool-server poisoning: a tool's result tells the agent what to do and a later call does it, or a tool's definition
 * changed after it was approved.
 *
 * Results are judged sentence by sentence, and only sentences that the tool did not give in other sessions count: a
 * manual may say what it always said. Sessions in which something was confirmed teach nothing.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Call, SessionFacts, ToolList } from '../call.ts';
import type { KnownDestinations } from '../destinations.ts';
import type { Detector, Report } from '../detector.ts';
import { SessionMemory } from '../session-memory.ts';
import { Definitions } from './definitions.ts';
import { type Following, followings, ownNames } from './following.ts';
import { Share } from './habits.ts';
import { changedDefinition, followedPassage } from './messages.ts';
import { Trait } from './passages.ts';
import { newReadings, type Readings, readingOf, readResult } from './reading.ts';
import { verdictOf } from './score.ts';
import { ToolTexts } from './tool-texts.ts';

/** Scores below this say nothing: one or two signs, as many benign sessions have. */
const FLOOR = 9.5;
/** A changed definition is exact. */
const DEFINITION_SCORE = 30;

export interface PoisoningState extends Readings {
  /** Highest score told so far. */
  told: number;
  /** Changed tools that were told of. */
  changed: readonly string[];
}

const MOST_CHANGED = 64;
/** Of all open sessions together: 1.6 KiB each where 100,000 are open, more where fewer are. */
const MEMORY_BYTES = 160 * 1024 * 1024;

/** The call takes something from a sentence that its tool, a known one, never gave. */
const isTaken = ({ values, sentence: { traits } }: Following): boolean =>
  values > 0 && (traits & Trait.prose) !== 0 && (traits & Trait.novel) !== 0;

const none: ReadonlySet<number> = new Set();
/** Shared by all sessions without changed tools. */
const unchanged: readonly string[] = [];

const savedCheck = Compile(
  Type.Object({
    definitions: Type.Unknown(),
    texts: Type.Unknown(),
    news: Type.Unknown(),
    taking: Type.Unknown(),
  }),
);

export class Poisoning implements Detector<PoisoningState> {
  readonly name = 'tool_poisoning' as const;
  readonly #texts = new ToolTexts();
  readonly #definitions = new Definitions();
  readonly #memory = new SessionMemory(MEMORY_BYTES);
  readonly #destinations: KnownDestinations;
  /** Sentences of free text that are new to their tool. */
  readonly #news = new Share();
  /** Sessions in which a tool takes an argument from such a sentence. */
  readonly #taking = new Share();

  /** `destinations` is another detector's to learn and to save. */
  constructor(destinations: KnownDestinations) {
    this.#destinations = destinations;
  }

  open(): PoisoningState {
    return { ...newReadings(), told: 0, changed: unchanged };
  }

  cares(call: Call): boolean {
    if (call.result || (call.arguments && call.arguments.fields.length > 0)) return true;
    return this.#definitions.changeOf(call.endpoint) !== undefined;
  }

  observe(call: Call, session: SessionFacts, state: PoisoningState, report: Report): void {
    this.#changed(call, session, state, report);
    if (call.arguments && call.arguments.fields.length > 0) this.#follows(call, session, state, report);
    if (call.result) readResult(call, this.#texts, state);
    if (state.passages) this.#memory.note(state.passages);
  }

  end(_: SessionFacts, { passages }: PoisoningState): void {
    if (passages) this.#memory.release(passages);
  }

  list(tools: ToolList): void {
    this.#definitions.list(tools);
  }

  learn({ type }: SessionFacts, { fresh, suspicious, tools }: PoisoningState): void {
    for (const { endpoint, lengths, gave, prose, fresh: news, took } of tools) {
      const keys = ['', type, endpoint];
      if (gave) this.#texts.learn(endpoint, lengths);
      if (prose > 0) this.#news.add(keys, news, prose);
      if (took !== undefined) this.#taking.add(keys, took ? 1 : 0, 1);
    }
    if (fresh) this.#texts.learnSentences(fresh.all(), suspicious ?? none);
  }

  /** Entries that had to make room so far. */
  evicted(): number {
    return (
      this.#memory.evicted +
      this.#definitions.evicted +
      this.#texts.evicted +
      this.#news.evicted +
      this.#taking.evicted
    );
  }

  snapshot(): unknown {
    return {
      definitions: this.#definitions.snapshot(),
      texts: this.#texts.snapshot(),
      news: this.#news.snapshot(),
      taking: this.#taking.snapshot(),
    };
  }

  restore(saved: unknown): boolean {
    return (
      savedCheck.Check(saved) &&
      this.#definitions.restore(saved.definitions) &&
      this.#texts.restore(saved.texts) &&
      this.#news.restore(saved.news) &&
      this.#taking.restore(saved.taking)
    );
  }

  #changed(call: Call, session: SessionFacts, state: PoisoningState, report: Report): void {
    const change = this.#definitions.changeOf(call.endpoint);
    if (!change || change.timeMs > call.timeMs || state.changed.includes(call.endpoint)) return;
    state.changed = [...state.changed, call.endpoint].slice(-MOST_CHANGED);
    report(session, {
      detector: this.name,
      certainty: 'confirmed',
      score: DEFINITION_SCORE,
      message: changedDefinition(call, change),
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [call.index],
        identity: change.definition,
        baseline: { changed_together: change.together },
      },
    });
  }

  #follows(call: Call, session: SessionFacts, state: PoisoningState, report: Report): void {
    let taken = false;
    let best: { following: Following; score: number; confirmed: boolean } | undefined;
    if (state.passages && state.passages.count > 0) {
      for (const following of followings(call, session.type, state.passages, this.#destinations)) {
        const source = state.tools[following.sentence.tool]?.endpoint ?? '';
        if (isTaken(following)) taken = true;
        const verdict = verdictOf(following, call, {
          newsBits: this.#news.bits(['', session.type, source]),
          takingBits: this.#taking.bits(['', session.type, call.endpoint]),
        });
        if (!best || verdict.score > best.score) best = { following, ...verdict };
      }
    }
    const reading = readingOf(call.endpoint, state);
    if (reading) reading.took = reading.took === true || taken;
    ownNames(call, state);
    if (!best || best.score < FLOOR || best.score <= state.told) return;
    state.told = best.score;
    const { following, score, confirmed } = best;
    const { sentence, destination } = following;
    report(session, {
      detector: this.name,
      certainty: confirmed ? 'confirmed' : 'scored',
      score,
      message: followedPassage(call, following, session.type, this.#destinations.sessions(session.type)),
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [sentence.call, call.index],
        ...(destination ? { destination: destination.shown } : {}),
        identity: sentence.hash.toString(16),
        baseline: { points: sentence.points, arguments: following.values },
      },
    });
  }
}
