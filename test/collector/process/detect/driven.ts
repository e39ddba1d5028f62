/** Drives detectors as the collector does, with sessions written by hand. */
import type { SessionFacts } from '../../../../collector/process/detect/call.ts';
import { Detection } from '../../../../collector/process/detect/detection.ts';
import type { AnyDetector, Suspicion } from '../../../../collector/process/detect/detector.ts';
import { riskByName } from '../../../../collector/process/detect/tool-words.ts';

export const START_MS = Date.UTC(2026, 0, 5, 9);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export interface WrittenCall {
  /** `server/tool`, or a tool of `app`. */
  readonly tool: string;
  readonly args?: unknown;
  readonly result?: unknown;
  readonly outcome?: 'ok' | 'tool_error' | 'protocol_error';
  /** After the session's start. */
  readonly afterMs?: number;
}

export interface WrittenSession {
  readonly type?: string;
  readonly principal?: string;
  readonly startMs?: number;
  readonly calls: readonly (WrittenCall | string)[];
  /** Left open. */
  readonly open?: boolean;
  /** Learnt from although something was found. */
  readonly learn?: boolean;
}

export interface Told extends Suspicion {
  readonly session: string;
}

/** A watcher over detectors; `run` returns what was said about the session. */
export function driven(...detectors: AnyDetector[]) {
  const told: Told[] = [];
  let sessions = 0;
  const detection = new Detection({
    detectors,
    riskOf: (_, tool) => riskByName(tool),
    report: (session, suspicion) => told.push({ ...suspicion, session: session.id }),
  });
  const run = (written: WrittenSession): Told[] => {
    const before = told.length;
    const startMs = written.startMs ?? START_MS;
    const calls = written.calls.map((call) => (typeof call === 'string' ? { tool: call } : call));
    const id = `s${++sessions}`;
    const principal = written.principal ?? `user of ${id}`;
    const facts: SessionFacts = {
      id,
      type: written.type ?? 'support',
      principal,
      user: principal,
      client: 'agent',
      server: 'app',
      startedMs: startMs,
    };
    const watch = detection.open();
    calls.forEach(({ tool, args, result, outcome, afterMs }, index) => {
      const slash = tool.indexOf('/');
      detection.toolCall(
        {
          kind: 'tool_call',
          id: `${id}-${index}`,
          time: new Date(startMs).toISOString(),
          server: slash < 0 ? 'app' : tool.slice(0, slash),
          tool: tool.slice(slash + 1),
          outcome: outcome ?? 'ok',
          ...(args === undefined ? {} : { arguments: args }),
          ...(result === undefined ? {} : { result }),
        },
        startMs + (afterMs ?? index * 1_000),
        facts,
        watch,
      );
    });
    if (!written.open) detection.end(facts, watch, () => !written.learn && told.length > before);
    return told.slice(before);
  };
  return { run, told, tick: (nowMs: number) => detection.tick(nowMs) };
}
