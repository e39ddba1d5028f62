/** What the detectors have learnt of ended sessions: their baselines, the thresholds, and who taught them how much. */
import { collectorEvictions, collectorLearning } from '../../catalogue/collector-metrics.ts';
import type { Detector as DetectorName, LearningResult } from '../../catalogue/labels.ts';
import { detectorLearning } from '../../catalogue/metrics.ts';
import type { CollectorConfig } from '../../config.ts';
import type { Instruments } from '../../instruments.ts';
import { Budget } from './budget.ts';
import type { AnyDetector } from './detector.ts';
import { PrincipalShares } from './principal-share.ts';

/** How long the text of a detector's baseline is saved again as it is. */
const TEXT_LASTS_MS = 60_000;

/** Whether a detector is there, and what it can judge by. */
export interface DetectorState {
  /** In a word or a sentence, for people. */
  readonly state: string;
  readonly threshold?: number;
  readonly findingsPerThousand?: number;
}

export class Learning {
  readonly detectors: readonly AnyDetector[];
  readonly budget: Budget;
  readonly #config: CollectorConfig;
  readonly #instruments: Instruments;
  readonly #shares: PrincipalShares;
  /** Session types that have ended sessions, as many as may be labels. */
  readonly #types = new Set<string>();
  #evicted = 0;
  readonly #texts = new Map<DetectorName, { readonly json: string; readonly madeMs: number }>();

  constructor(config: CollectorConfig, instruments: Instruments, all: readonly AnyDetector[]) {
    this.#config = config;
    this.#instruments = instruments;
    this.#shares = new PrincipalShares(config.limits.sessionTypes);
    this.detectors = all.filter(({ name }) => !config.detection.off.includes(name));
    this.budget = new Budget(
      config,
      instruments,
      this.detectors.map(({ name }) => name),
    );
  }

  /** False while a detector knows too little of a type to judge it by its baseline. */
  knows(detector: DetectorName, sessionType: string): boolean {
    return this.detectors.find(({ name }) => name === detector)?.knows?.(sessionType) ?? true;
  }

  /** Whether an ended session may teach what is usual; counted either way. */
  admit(sessionType: string, principal: string, calls: number, found: boolean): boolean {
    const result = this.#resultOf(sessionType, principal, calls, found);
    this.#instruments.inc(collectorLearning, { result });
    return result === 'learnt';
  }

  /** Counts an ended session by the highest scores that detectors gave it. */
  observe(sessionType: string, scores: ReadonlyMap<DetectorName, number>, nowMs: number): void {
    this.budget.observe(scores, nowMs);
    this.#note(sessionType);
  }

  /** Counts what had to make room in the detectors' tables since the last time. */
  countEvictions(): void {
    const evicted = this.detectors.reduce((sum, detector) => sum + (detector.evicted?.() ?? 0), 0);
    if (evicted > this.#evicted)
      this.#instruments.inc(collectorEvictions, { table: 'detectors' }, evicted - this.#evicted);
    this.#evicted = evicted;
  }

  stateOf(detector: DetectorName): DetectorState {
    if (!this.#config.detection.enabled || this.#config.detection.off.includes(detector))
      return { state: 'switched off' };
    if (!this.detectors.some(({ name }) => name === detector)) return { state: 'not in this version' };
    const threshold = this.budget.thresholdOf(detector);
    if (threshold === undefined) return { state: 'learning which scores are usual' };
    const learning = [...this.#types].filter((type) => !this.knows(detector, type)).length;
    const state = learning === 0 ? 'ready' : `learning ${learning} of ${this.#types.size} session types`;
    const findings = this.budget.findingsRatio(detector);
    return findings === undefined ? { state } : { state, threshold, findingsPerThousand: findings * 1_000 };
  }

  expose(): void {
    this.budget.expose();
    this.#instruments.reset(detectorLearning);
    for (const { name } of this.detectors)
      for (const session_type of this.#types) {
        const ready = this.knows(name, session_type) && this.budget.thresholdOf(name) !== undefined;
        this.#instruments.set(detectorLearning, { detector: name, session_type }, ready ? 0 : 1);
      }
  }

  /** As plain JSON of bounded size. */
  snapshot() {
    const detectors = this.detectors.flatMap((detector) =>
      detector.snapshot ? [[detector.name, detector.snapshot()] as const] : [],
    );
    return { ...this.rest(), detectors };
  }

  /**
   * The baselines of the detectors as JSON arrays, one detector each, others having their turn between. They may be
   * megabytes, so unless they must be `fresh` each is made once a minute: a kill costs what was learnt since.
   */
  *texts(fresh: boolean, nowMs: number): Generator<string> {
    for (const detector of this.detectors) {
      if (!detector.snapshot) continue;
      let text = this.#texts.get(detector.name);
      if (!text || fresh || nowMs - text.madeMs >= TEXT_LASTS_MS) {
        text = { json: JSON.stringify([[detector.name, detector.snapshot()]]), madeMs: nowMs };
        this.#texts.set(detector.name, text);
      }
      yield text.json;
    }
  }

  /** The same without the baselines of the detectors. */
  rest() {
    return {
      budget: this.budget.snapshot(),
      shares: this.#shares.snapshot(),
      types: [...this.#types],
    };
  }

  /** Takes up what was saved; the names of the parts that have another shape and start anew. */
  restore(saved: unknown): readonly string[] {
    const { detectors, budget, shares, types } = (saved ?? {}) as Readonly<Record<string, unknown>>;
    const states = new Map(
      (Array.isArray(detectors) ? detectors : []).filter((entry): entry is [string, unknown] =>
        Array.isArray(entry),
      ),
    );
    for (const type of Array.isArray(types) ? types : []) if (typeof type === 'string') this.#note(type);
    return [
      ...this.detectors
        .filter(({ name, restore }) => restore && states.has(name))
        .filter((detector) => !detector.restore?.(states.get(detector.name)))
        .map(({ name }) => name),
      ...(this.budget.restore(budget) ? [] : ['budget']),
      ...(this.#shares.restore(shares) ? [] : ['shares']),
    ];
  }

  #note(sessionType: string): void {
    if (this.#types.size < this.#config.limits.sessionTypes) this.#types.add(sessionType);
  }

  #resultOf(sessionType: string, principal: string, calls: number, found: boolean): LearningResult {
    if (calls === 0) return 'no_calls';
    if (found) return 'finding';
    return this.#shares.admit(sessionType, principal) ? 'learnt' : 'principal_share';
  }
}
