/**
 * Who is told of what detectors suspect, so that humans are asked no more often than they can answer.
 *
 * Thresholds are no numbers of anybody's choice: the digest's entries a day, over the sessions a day and shared evenly by
 * the detectors, are the share of sessions that each may report, and its threshold is that quantile of the highest scores
 * of sessions. It is learnt from all sessions that end, forgets slowly, and stands still while an incident that paged is
 * open, so that an attack under way cannot raise it. Confirmed suspicions need no threshold. They page as long as the
 * day has pages left; after that they go to the digest, which is counted and alerted, since a flood may hide one.
 *
 * After S. Axelsson, "The base-rate fallacy and the difficulty of intrusion detection" (2000): where attacks are rare,
 * the share of false alarms decides what an alarm is worth.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Detector as DetectorName } from '../../catalogue/labels.ts';
import { detectorFindingsRatio, detectorThreshold } from '../../catalogue/metrics.ts';
import type { CollectorConfig } from '../../config.ts';
import type { Instruments } from '../../instruments.ts';
import type { Verdict } from '../finding.ts';
import { ScoreSketch, savedSketchSchema } from './score-sketch.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RECOMPUTE_MS = 60_000;
/** What is left of the counts after a day: half of them are forgotten after 13.5 days. */
const KEPT_AFTER_A_DAY = 0.95;
/** Whatever the budget has room for, what more than this share of sessions do is not unusual. */
const LARGEST_SHARE = 0.05;
/** Each false alarm halves the share of its detector, down to this part of it; each hit doubles it again. */
const SMALLEST_PART = 1 / 16;
/** A detector's part in a session's risk, in nats: a score that 1 in 22,000 sessions reaches. Chances are dependent. */
const MOST_RISK = 10;

/** A limit that the operator sets takes the place of a quantile: its finding and its alert must agree. */
const operatorLimited: ReadonlySet<DetectorName> = new Set(['tool_diversity']);

const savedSchema = Type.Object({
  sketches: Type.Array(
    Type.Object({ detector: Type.String(), part: Type.Number(), sketch: savedSketchSchema }),
  ),
  hours: Type.Array(Type.Tuple([Type.Number(), Type.Number()])),
  pages: Type.Array(Type.Number()),
  forgotMs: Type.Number(),
});
const savedCheck = Compile(savedSchema);

interface Learnt {
  readonly sketch: ScoreSketch;
  /** Of its share of the budget, by verdicts. */
  part: number;
  threshold: number | undefined;
}

export class Budget {
  readonly #config: CollectorConfig;
  readonly #instruments: Instruments;
  readonly #learnt = new Map<DetectorName, Learnt>();
  /** Ended sessions by the hour they ended in, of the last day. */
  readonly #hours = new Map<number, number>();
  /** When incidents paged within the last day. */
  #pages: number[] = [];
  #computedMs = 0;
  #forgotMs = 0;

  /** `sharing` are the detectors there are. */
  constructor(config: CollectorConfig, instruments: Instruments, sharing: readonly DetectorName[]) {
    this.#config = config;
    this.#instruments = instruments;
    for (const detector of sharing)
      this.#learnt.set(detector, { sketch: new ScoreSketch(), part: 1, threshold: undefined });
  }

  /** The score that a session must exceed; 0 where the operator set a limit, undefined while it is being learnt. */
  thresholdOf(detector: DetectorName): number | undefined {
    return operatorLimited.has(detector) ? 0 : this.#learnt.get(detector)?.threshold;
  }

  /** Share of sessions that exceed the threshold; undefined while there is none, and where the operator set a limit. */
  findingsRatio(detector: DetectorName): number | undefined {
    const learnt = this.#learnt.get(detector);
    if (learnt?.threshold === undefined || operatorLimited.has(detector)) return undefined;
    return learnt.sketch.shareAbove(learnt.threshold);
  }

  /** How much a score adds to its session's risk, in nats. */
  riskOf(detector: DetectorName, score: number): number {
    const sketch = this.#learnt.get(detector)?.sketch;
    return sketch ? Math.min(MOST_RISK, -Math.log(sketch.chanceOf(score))) : 0;
  }

  /** Takes one of the day's pages; false when they are spent. */
  page(nowMs: number): boolean {
    // Either way: a page of a clock that was ahead must not hold its place until that time has come.
    this.#pages = this.#pages.filter((time) => Math.abs(nowMs - time) < DAY_MS);
    if (this.#pages.length >= Math.ceil(this.#config.detection.pagesPerDay / this.#processes)) return false;
    this.#pages.push(nowMs);
    return true;
  }

  /** Learns from an ended session: the highest score of each detector, those it has none from are 0. */
  observe(scores: ReadonlyMap<DetectorName, number> | undefined, nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + 1);
    for (const [detector, { sketch }] of this.#learnt) sketch.add(scores?.get(detector) ?? 0);
  }

  /** Takes account of what a human said of one of a detector's findings, in place of what was said `before`. */
  judged(detector: DetectorName, verdict: Verdict, before: Verdict | undefined): void {
    const learnt = this.#learnt.get(detector);
    if (!learnt) return;
    if (before === 'false_positive') learnt.part = Math.min(1, learnt.part * 2);
    if (verdict === 'false_positive') learnt.part = Math.max(SMALLEST_PART, learnt.part / 2);
    if (verdict === 'true_positive') learnt.part = Math.min(1, learnt.part * 2);
    this.#compute(learnt, this.#share());
  }

  /** Sets the thresholds anew now and then; not while something that paged is `open`. */
  tick(nowMs: number, open: () => boolean): void {
    if (Math.abs(nowMs - this.#computedMs) < RECOMPUTE_MS) return;
    this.#computedMs = nowMs;
    for (const hour of this.#hours.keys())
      if (Math.abs(nowMs / HOUR_MS - hour) > DAY_MS / HOUR_MS) this.#hours.delete(hour);
    if (this.#forgotMs === 0 || this.#forgotMs > nowMs) this.#forgotMs = nowMs;
    if (nowMs - this.#forgotMs >= DAY_MS) {
      this.#forgotMs = nowMs;
      for (const { sketch } of this.#learnt.values()) sketch.forget(KEPT_AFTER_A_DAY);
    }
    const share = this.#share();
    const frozen = open();
    // A first threshold is no change: without it, nothing would be told while the page is open.
    for (const learnt of this.#learnt.values())
      if (!frozen || learnt.threshold === undefined) this.#compute(learnt, share);
  }

  expose(): void {
    this.#instruments.reset(detectorThreshold);
    this.#instruments.reset(detectorFindingsRatio);
    for (const [detector, { threshold }] of this.#learnt) {
      const ratio = this.findingsRatio(detector);
      if (threshold === undefined || ratio === undefined) continue;
      this.#instruments.set(detectorThreshold, { detector }, threshold);
      this.#instruments.set(detectorFindingsRatio, { detector }, ratio);
    }
  }

  snapshot(): Static<typeof savedSchema> {
    return {
      sketches: [...this.#learnt].map(([detector, { part, sketch }]) => ({
        detector,
        part,
        sketch: sketch.snapshot(),
      })),
      hours: [...this.#hours],
      pages: this.#pages,
      forgotMs: this.#forgotMs,
    };
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#hours.clear();
    for (const [hour, sessions] of saved.hours) this.#hours.set(hour, sessions);
    this.#pages = saved.pages;
    this.#forgotMs = saved.forgotMs;
    for (const { detector, part, sketch } of saved.sketches) {
      const learnt = this.#learnt.get(detector as DetectorName);
      if (!learnt) continue;
      learnt.part = Math.min(1, Math.max(SMALLEST_PART, part));
      learnt.sketch.restore(sketch);
    }
    const share = this.#share();
    for (const learnt of this.#learnt.values()) this.#compute(learnt, share);
    return true;
  }

  #compute(learnt: Learnt, share: number): void {
    const enough = learnt.sketch.sessions >= this.#config.baselineMinimumSessions;
    learnt.threshold = enough ? learnt.sketch.boundFor(share * learnt.part) : undefined;
  }

  /** How many processes share the sessions, and so the budget. */
  get #processes(): number {
    return this.#config.partition?.directories.length ?? 1;
  }

  /** Of all sessions, how many one detector may report. */
  #share(): number {
    const { digestEntriesPerDay, sessionsPerDay = this.#observedPerDay() } = this.#config.detection;
    const sharing = [...this.#learnt.keys()].filter((detector) => !operatorLimited.has(detector)).length;
    return Math.min(LARGEST_SHARE, digestEntriesPerDay / Math.max(1, sessionsPerDay) / Math.max(1, sharing));
  }

  /** Sessions that end in a day in all processes, as far as the last one tells; of less than an hour, nothing is told but for an hour. */
  #observedPerDay(): number {
    let sessions = 0;
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    for (const [hour, ended] of this.#hours) {
      sessions += ended;
      first = Math.min(first, hour);
      last = Math.max(last, hour);
    }
    return sessions === 0 ? 0 : (this.#processes * sessions * 24) / Math.min(24, last - first + 1);
  }
}
