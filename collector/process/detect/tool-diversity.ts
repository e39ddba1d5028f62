/**
 * A session that uses far more different tools than its kind does: an agent that looks around, or is made to.
 *
 * On its own it is weak evidence. It mostly finds enumeration, and a hijacked session that keeps to the usual tools
 * is invisible to it; hence a warning to be reviewed and never a page. Its limit is the operator's and no quantile: the
 * finding and the alert SessionAnomaly are about the same sessions.
 */
import type { CollectorConfig } from '../../config.ts';
import type { Baselines } from '../baselines.ts';
import type { Call, SessionFacts } from './call.ts';
import type { Detector, Report } from './detector.ts';

interface State {
  /** Distinct tools when it last looked. */
  tools: number;
}

export class ToolDiversity implements Detector<State> {
  readonly name = 'tool_diversity';
  readonly #factor: number;
  readonly #baselines: Baselines;

  constructor({ toolDiversityFactor }: Pick<CollectorConfig, 'toolDiversityFactor'>, baselines: Baselines) {
    this.#factor = toolDiversityFactor;
    this.#baselines = baselines;
  }

  open(): State {
    return { tools: 0 };
  }

  /** Only of a session that is above the limit does it remember what it said. */
  cares(_: Call, session: SessionFacts): boolean {
    const baseline = this.#baselines.of(session.type);
    return baseline !== undefined && (session.distinctTools ?? 0) > this.#factor * baseline.median;
  }

  /** Reports a session above `toolDiversityFactor` times its type's baseline; silent while the type has none. */
  observe(call: Call, session: SessionFacts, state: State, report: Report): void {
    const tools = session.distinctTools ?? 0;
    if (tools === state.tools) return;
    state.tools = tools;
    const baseline = this.#baselines.of(session.type);
    if (!baseline || tools <= this.#factor * baseline.median) return;
    report(session, {
      detector: this.name,
      certainty: 'scored',
      score: tools / baseline.median,
      message: `${tools} distinct tools; the median of the last ${baseline.sessions} sessions of type ${session.type} is ${baseline.median}.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [call.index],
        baseline: {
          sessions: baseline.sessions,
          median: baseline.median,
          threshold: this.#factor * baseline.median,
        },
      },
    });
  }

  knows(sessionType: string): boolean {
    return this.#baselines.of(sessionType) !== undefined;
  }
}
