/**
 * What becomes of a suspicion: a page, the digest, or nothing that anybody is told, by how sure it can be, by what the
 * budget has room for, and by what humans said of the same thing before.
 */
import { collectorEvictions, collectorSuspicions } from '../../catalogue/collector-metrics.ts';
import type { Detector as DetectorName, SuspicionFate } from '../../catalogue/labels.ts';
import type { CollectorConfig } from '../../config.ts';
import type { Instruments } from '../../instruments.ts';
import type { Finding } from '../finding.ts';
import type { Draft, Findings, Judgement } from '../findings.ts';
import { Allowed, isOther } from './allowed.ts';
import type { SessionFacts } from './call.ts';
import type { Suspicion } from './detector.ts';
import type { Learning } from './learning.ts';
import { observationOf } from './observation.ts';
import type { ToolRisks } from './tool-risk.ts';
import type { TrailStep } from './trail.ts';
import type { Watched } from './watched.ts';

export interface SuspicionsParts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly findings: Findings;
  readonly risks: ToolRisks;
  /** As it is now: baselines may be exchanged for others. */
  readonly learning: () => Learning;
  readonly nowMs: () => number;
}

const toldFates: ReadonlySet<SuspicionFate> = new Set(['paged', 'overflow', 'digest']);

export class Suspicions {
  readonly allowed = new Allowed();
  readonly #parts: SuspicionsParts;

  constructor(parts: SuspicionsParts) {
    this.#parts = parts;
  }

  /** `step`: what is known of a call of the session by its number. */
  report(
    session: SessionFacts,
    suspicion: Suspicion,
    watched: Watched | undefined,
    step: (index: number) => TrailStep,
  ): void {
    const { config, findings, learning, risks } = this.#parts;
    const risk = risks.of(suspicion.server, suspicion.tool);
    const observed = observationOf(session, suspicion, { step, risk, excerpts: config.detection.excerpts });
    const fate = this.#fateOf(session, suspicion, observed);
    this.#remember(watched, suspicion, observed.score, fate);
    if (!toldFates.has(fate)) return;
    const threshold =
      suspicion.certainty === 'scored' ? learning().budget.thresholdOf(suspicion.detector) : undefined;
    findings.report({
      ...observed,
      ...(threshold ? { threshold } : {}),
      severity: fate === 'paged' ? 'critical' : 'warning',
      ...this.#surroundings(watched, suspicion.detector),
    });
  }

  /** Takes a human's word for a finding, which is given if memory no longer has it; undefined when nobody knows it. */
  judge(judgement: Judgement, evicted?: Finding): Finding | undefined {
    const { findings, instruments, learning } = this.#parts;
    const before = (findings.find(judgement.finding) ?? evicted)?.verdict?.verdict;
    const finding = findings.judge(judgement, evicted);
    if (!finding) return undefined;
    this.allowed.remove(finding.id);
    const { verdict, time_ms } = judgement;
    // Said of an incident of many findings, it is one word about the detector.
    const said = findings
      .incident(finding.incident)
      .some(
        (other) =>
          other !== finding && other.detector === finding.detector && other.verdict?.time_ms === time_ms,
      );
    const allows = verdict === 'false_positive' || verdict === 'benign';
    if (allows && !this.allowed.add(finding, time_ms))
      instruments.inc(collectorEvictions, { table: 'verdicts' });
    if (verdict !== before && !said) learning().budget.judged(finding.detector, verdict, before);
    return finding;
  }

  /** What becomes of a suspicion. */
  #fateOf(session: SessionFacts, { detector, certainty }: Suspicion, observed: Draft): SuspicionFate {
    const { findings, learning } = this.#parts;
    const nowMs = this.#parts.nowMs();
    if (certainty === 'supporting') return 'supporting';
    const known = findings.known(detector, session.id, session.startedMs);
    const dismissed =
      known?.status === 'dismissed' && !(certainty === 'confirmed' && isOther(observed, known));
    if (dismissed || this.allowed.has(observed, nowMs)) return 'allowed';
    if (certainty === 'confirmed') {
      if (known?.severity === 'critical' || findings.joinsCritical(observed)) return 'paged';
      return learning().budget.page(nowMs) ? 'paged' : 'overflow';
    }
    const threshold = learning().budget.thresholdOf(detector);
    if (threshold === undefined || !learning().knows(detector, session.type)) return 'learning';
    return observed.score > threshold ? 'digest' : 'below';
  }

  #remember(
    watched: Watched | undefined,
    { detector, message }: Suspicion,
    score: number,
    fate: SuspicionFate,
  ): void {
    const before = watched?.suspected?.get(detector);
    if (before?.fate !== fate) this.#parts.instruments.inc(collectorSuspicions, { detector, fate });
    if (!watched || (before && before.score >= score && before.fate === fate)) return;
    watched.suspected ??= new Map();
    watched.suspected.set(detector, { score: Math.max(score, before?.score ?? 0), message, fate });
  }

  /** What else is suspected of the session, and how much all of it weighs. */
  #surroundings(watched: Watched | undefined, detector: DetectorName): Pick<Finding, 'supporting' | 'risk'> {
    const { budget } = this.#parts.learning();
    const supporting: Finding['supporting'] = [];
    let risk = 0;
    for (const [other, { score, message, fate }] of watched?.suspected ?? []) {
      risk += budget.riskOf(other, score);
      if (other !== detector && !toldFates.has(fate)) supporting.push({ detector: other, score, message });
    }
    return { supporting, risk };
  }
}
