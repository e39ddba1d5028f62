/**
 * How many distinct tools a session of each type usually calls: the median over the newest completed sessions that
 * called any. The median and not the mean, so that the sessions that are to be found do not move what they are
 * compared with; the newest, so that a type whose work changes gets a new baseline.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { collectorEvictions } from '../catalogue/collector-metrics.ts';
import { sessionUniqueToolsBaseline } from '../catalogue/metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';

const savedBaselines = Type.Array(Type.Object({ type: Type.String(), tools: Type.Array(Type.Number()) }));
const savedCheck = Compile(savedBaselines);

/** Distinct tools of completed sessions, oldest first, and their median once asked for. */
interface Completed {
  readonly tools: number[];
  median?: number;
}

export class Baselines {
  readonly #config: CollectorConfig;
  readonly #instruments: Instruments;
  /** By session type, the one whose last session completed longest ago first. */
  readonly #types = new Map<string, Completed>();

  constructor(config: CollectorConfig, instruments: Instruments) {
    this.#config = config;
    this.#instruments = instruments;
  }

  learn(type: string, distinctTools: number): void {
    if (distinctTools === 0) return;
    const { tools } = this.#types.get(type) ?? { tools: [] };
    tools.push(distinctTools);
    if (tools.length > this.#config.baselineSessions) tools.shift();
    this.#types.delete(type);
    this.#types.set(type, { tools });
    if (this.#types.size <= this.#config.limits.sessionTypes) return;
    this.#types.delete(this.#types.keys().next().value as string);
    this.#instruments.inc(collectorEvictions, { table: 'baselines' });
  }

  /** The median, or undefined until `baselineMinimumSessions` have completed. */
  of(type: string): { readonly median: number; readonly sessions: number } | undefined {
    const completed = this.#types.get(type);
    if (!completed || completed.tools.length < this.#config.baselineMinimumSessions) return undefined;
    completed.median ??= median(completed.tools);
    return { median: completed.median, sessions: completed.tools.length };
  }

  expose(): void {
    this.#instruments.reset(sessionUniqueToolsBaseline);
    for (const type of this.#types.keys()) {
      const baseline = this.of(type);
      if (baseline)
        this.#instruments.set(sessionUniqueToolsBaseline, { session_type: type }, baseline.median);
    }
  }

  /** Forgets all of it. */
  reset(): void {
    this.#types.clear();
  }

  snapshot(): Static<typeof savedBaselines> {
    return [...this.#types].map(([type, { tools }]) => ({ type, tools: [...tools] }));
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const { type, tools } of saved) for (const distinct of tools) this.learn(type, distinct);
    return true;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
