/**
 * Runs the detectors: builds what they are shown, keeps their state of each open session, and hands on what they say.
 */
import type { EventOf } from '../../catalogue/events.ts';
import type { Detector as DetectorName } from '../../catalogue/labels.ts';
import type { Call, SessionFacts, ToolRisk } from './call.ts';
import type { AnyDetector, Report } from './detector.ts';
import { endpointOf } from './endpoints.ts';
import { readPayload } from './payload.ts';

/** What the detectors remember of one open session. */
export interface Watch {
  calls: number;
  /** Of each detector, once it has something to remember. */
  readonly states: unknown[];
}

export interface DetectionOptions {
  readonly detectors: readonly AnyDetector[];
  readonly riskOf: (server: string, tool: string) => ToolRisk;
  readonly report: Report;
  /** Told of a detector that tripped; neither the event nor the other detectors pay for it. Without it, the error is thrown. */
  readonly onError?: (detector: DetectorName, error: Error) => void;
}

export class Detection {
  readonly #options: DetectionOptions;

  constructor(options: DetectionOptions) {
    this.#options = options;
  }

  /** `calls` are those that the session had before it was watched. */
  open(calls = 0): Watch {
    // Of this length from the start: grown one by one, it would have room for 17.
    return { calls, states: new Array(this.#options.detectors.length) };
  }

  toolCall(
    event: EventOf<'tool_call'>,
    timeMs: number,
    session: SessionFacts,
    watch: Watch,
    endpoint = endpointOf(event.server, event.tool),
  ): void {
    const { server, tool, outcome } = event;
    const { detectors, riskOf, report } = this.#options;
    const call: Call = {
      index: watch.calls++,
      id: event.id,
      timeMs,
      server,
      tool,
      endpoint,
      outcome,
      risk: riskOf(server, tool),
      arguments: event.arguments === undefined ? undefined : readPayload(event.arguments),
      result: resultOf(event),
    };
    for (let i = 0; i < detectors.length; i++) {
      const detector = detectors[i] as AnyDetector;
      try {
        let state = watch.states[i];
        if (state === undefined) {
          if (detector.cares?.(call, session) === false) continue;
          state = detector.open(session);
          watch.states[i] = state;
        }
        detector.observe(call, session, state, report);
      } catch (error) {
        this.#tripped(detector, error);
      }
    }
  }

  policyDecision(
    event: EventOf<'policy_decision'>,
    timeMs: number,
    session: SessionFacts,
    watch: Watch,
  ): void {
    const { server, tool, decision, policy } = event;
    const shown = { timeMs, server, tool, decision, policy };
    this.#each((detector, i) => {
      if (!detector.decide) return;
      watch.states[i] ??= detector.open(session);
      detector.decide(shown, session, watch.states[i], this.#options.report);
    });
  }

  toolList({ server, tools }: EventOf<'tool_list'>, timeMs: number): void {
    const shown = tools.map(({ name, description_hash, schema_hash }) => ({
      name,
      descriptionHash: description_hash,
      schemaHash: schema_hash,
    }));
    this.#each((detector) => detector.list?.({ timeMs, server, tools: shown }, this.#options.report));
  }

  /** Ends a session; it teaches the baselines when nothing was found in it. */
  end(session: SessionFacts, watch: Watch, found: () => boolean): void {
    const { states } = watch;
    this.#each((detector, i) => {
      states[i] ??= detector.open(session);
      detector.end?.(session, states[i], this.#options.report);
    });
    if (found()) return;
    this.#each((detector, i) => detector.learn?.(session, states[i]));
  }

  tick(nowMs: number): void {
    this.#each((detector) => detector.tick?.(nowMs, this.#options.report));
  }

  #each(act: (detector: AnyDetector, index: number) => void): void {
    const { detectors } = this.#options;
    for (let i = 0; i < detectors.length; i++) {
      const detector = detectors[i] as AnyDetector;
      try {
        act(detector, i);
      } catch (error) {
        this.#tripped(detector, error);
      }
    }
  }

  #tripped({ name }: AnyDetector, error: unknown): void {
    const { onError } = this.#options;
    if (!onError) throw error;
    onError(name, error as Error);
  }
}

/** An error message counts as tool output. */
function resultOf({ result, error_message }: EventOf<'tool_call'>) {
  if (result === undefined && error_message === undefined) return undefined;
  return readPayload(
    error_message === undefined ? result : result === undefined ? error_message : [result, error_message],
  );
}
