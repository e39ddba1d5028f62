/** Runs sessions through the collector's own detectors, on a simulated clock. */
import type { EventOf } from '../collector/catalogue/events.ts';
import type { Detector as DetectorName } from '../collector/catalogue/labels.ts';
import { allDetectors } from '../collector/process/detect/all.ts';
import type { SessionFacts } from '../collector/process/detect/call.ts';
import { Detection, type Watch } from '../collector/process/detect/detection.ts';
import type { Suspicion } from '../collector/process/detect/detector.ts';
import { riskByName } from '../collector/process/detect/tool-words.ts';
import type { EvalCall, EvalSession } from './session.ts';

/** Between two sessions without times of their own: beyond every window, so that they do not meet in one. */
const APART_MS = 15 * 86_400_000;
const TURN_MS = 5_000;
const START_MS = Date.UTC(2026, 0, 5, 9);

/** A suspicion and the call it came with; -1 when it came with the session's end or with time. */
export interface Sighting extends Suspicion {
  readonly session: string;
  readonly call: number;
}

/** The sessions of which something was told that does not only support other evidence. */
export const toldSessions = (sightings: readonly Sighting[]): Set<string> =>
  new Set(sightings.filter(({ certainty }) => certainty !== 'supporting').map(({ session }) => session));

export class Watcher {
  readonly #detection: Detection;
  #sightings: Sighting[] = [];
  #call = -1;
  #nowMs = START_MS;

  constructor(only?: readonly DetectorName[]) {
    this.#detection = new Detection({
      detectors: allDetectors(),
      riskOf: (_, tool) => riskByName(tool),
      report: (session, suspicion) => {
        if (only === undefined || only.includes(suspicion.detector))
          this.#sightings.push({ ...suspicion, session: session.id, call: this.#call });
      },
    });
  }

  /** Lets the baselines learn from sessions in which nothing is confirmed. */
  learn(sessions: Iterable<EvalSession>): void {
    for (const session of sessions) {
      const { facts, watch, found } = this.#run(session);
      this.#detection.end(facts, watch, () => found.some(({ certainty }) => certainty === 'confirmed'));
    }
  }

  /** What is said about a session that nothing is learnt from. */
  watch(session: EvalSession): readonly Sighting[] {
    const { facts, watch, found } = this.#run(session);
    this.#call = -1;
    this.#detection.end(facts, watch, () => true);
    found.push(...this.#take());
    return found;
  }

  /** The state of a session that has not ended, for whoever weighs it. */
  leaveOpen(session: EvalSession): Watch {
    return this.#run(session).watch;
  }

  /**
   * Calls of several sessions in the order of their times, as one stream; what time alone brings about happens once a
   * simulated minute. `learns` says which sessions teach the baselines when they end.
   */
  stream(sessions: readonly EvalSession[], learns: (session: EvalSession) => boolean): readonly Sighting[] {
    const open = sessions.map((session) => this.#open(session));
    const steps = sessions
      .flatMap((session, index) =>
        session.calls.map((call, position) => ({ index, call, position, atMs: call.atMs ?? START_MS })),
      )
      .sort((a, b) => a.atMs - b.atMs);
    const last = new Map(steps.map(({ index }, step) => [index, step]));
    const all: Sighting[] = [];
    let tickedMs = Number.NEGATIVE_INFINITY;
    steps.forEach(({ index, call, position, atMs }, step) => {
      if (atMs >= tickedMs + 60_000) {
        this.#call = -1;
        this.#detection.tick(atMs);
        tickedMs = atMs;
      }
      const { facts, watch } = open[index]!;
      this.#call = position;
      this.#detection.toolCall(eventOf(sessions[index]!, call, position), atMs, facts, watch);
      if (last.get(index) === step) {
        this.#call = -1;
        const mayLearn = learns(sessions[index]!);
        this.#detection.end(facts, watch, () => !mayLearn);
      }
      all.push(...this.#take());
    });
    return all;
  }

  #run(session: EvalSession): { facts: SessionFacts; watch: Watch; found: Sighting[] } {
    this.#nowMs += APART_MS;
    this.#call = -1;
    this.#detection.tick(this.#nowMs);
    this.#take();
    const { facts, watch } = this.#open(session);
    session.calls.forEach((call, position) => {
      this.#call = position;
      const atMs = call.atMs ?? this.#nowMs + call.turn * TURN_MS;
      this.#detection.toolCall(eventOf(session, call, position), atMs, facts, watch);
    });
    return { facts, watch, found: this.#take() };
  }

  #open(session: EvalSession): { facts: SessionFacts; watch: Watch } {
    const user = session.user ?? `user of ${session.id}`;
    const facts: SessionFacts = {
      id: session.id,
      type: session.type,
      principal: user,
      user,
      client: 'agent',
      server: session.calls[0]?.server ?? session.type,
      startedMs: session.calls[0]?.atMs ?? this.#nowMs,
    };
    return { facts, watch: this.#detection.open() };
  }

  #take(): Sighting[] {
    const taken = this.#sightings;
    this.#sightings = [];
    return taken;
  }
}

function eventOf(session: EvalSession, call: EvalCall, position: number): EventOf<'tool_call'> {
  return {
    kind: 'tool_call',
    id: `${session.id}-${position}`,
    time: '2026-01-05T09:00:00Z',
    server: call.server,
    tool: call.tool,
    outcome: call.error === undefined ? 'ok' : 'tool_error',
    arguments: call.args,
    ...(call.result === undefined ? {} : { result: call.result }),
    ...(call.error === undefined ? {} : { error_message: call.error }),
  };
}
