/**
 * The detectors in the running collector: shows them what happens in each session, and hands on what they report
 * (`suspicions.ts`).
 *
 * What detectors remember of a session hangs on the session and goes with it; a restart forgets it, since nothing said
 * in a session may rest on disk. Detectors that look at content start anew then, and those sessions are counted.
 */
import { collectorDetectorErrors } from '../../catalogue/collector-metrics.ts';
import type { EventOf } from '../../catalogue/events.ts';
import type { Detector as DetectorName } from '../../catalogue/labels.ts';
import { sessionsContent } from '../../catalogue/metrics.ts';
import type { CollectorConfig } from '../../config.ts';
import type { Instruments } from '../../instruments.ts';
import type { Baselines } from '../baselines.ts';
import type { Finding } from '../finding.ts';
import type { Findings, Judgement } from '../findings.ts';
import { allDetectors } from './all.ts';
import type { SessionFacts } from './call.ts';
import { Detection } from './detection.ts';
import type { AnyDetector, Suspicion } from './detector.ts';
import { endpointOf } from './endpoints.ts';
import { type DetectorState, Learning } from './learning.ts';
import { Suspicions } from './suspicions.ts';
import { ToolDiversity } from './tool-diversity.ts';
import { ToolRisks } from './tool-risk.ts';
import { Trails } from './trail.ts';
import { contentOf, type Watched, WatchedFacts, type WatchedSession } from './watched.ts';

export interface HostParts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly baselines: Baselines;
  readonly findings: Findings;
  /** An open session, by its hashed id. */
  readonly findSession: (id: string) => Pick<WatchedSession, 'watched'> | undefined;
  readonly now: () => number;
  /** Makes the detectors, each with empty baselines; all there are when left out. */
  readonly makeDetectors?: () => readonly AnyDetector[];
  /** Told of the first error of each detector. */
  readonly onError: (detector: DetectorName, error: Error) => void;
}

export class DetectorHost {
  readonly #parts: HostParts;
  readonly #risks: ToolRisks;
  readonly #trails = new Trails();
  readonly #failed = new Set<DetectorName>();
  readonly #suspicions: Suspicions;
  #learning: Learning;
  #detection: Detection;
  /** True while the journal is read back. */
  #replaying = true;
  /** Time of the newest event that was read back. */
  #replayedMs = 0;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#risks = new ToolRisks(parts.config);
    this.#learning = this.#newLearning();
    this.#suspicions = new Suspicions({
      ...parts,
      risks: this.#risks,
      learning: () => this.#learning,
      nowMs: () => this.#nowMs(),
    });
    this.#detection = this.#detect();
  }

  get enabled(): boolean {
    return this.#parts.config.detection.enabled;
  }

  /** From here on, events come as they are sent, with what they carry. */
  live(): void {
    this.#replaying = false;
  }

  toolCall(event: EventOf<'tool_call'>, timeMs: number, session: WatchedSession): void {
    if (!this.enabled) return;
    if (this.#replaying) this.#replayedMs = Math.max(this.#replayedMs, timeMs);
    const watched = this.#watched(session);
    if (event.arguments !== undefined || event.result !== undefined) watched.withContent++;
    const endpoint = endpointOf(event.server, event.tool);
    this.#trails.add(watched, endpoint, timeMs);
    const facts = new WatchedFacts(session, watched.startedMs);
    this.#detection.toolCall(event, timeMs, facts, watched, endpoint);
  }

  policyDecision(event: EventOf<'policy_decision'>, timeMs: number, session: WatchedSession): void {
    if (!this.enabled) return;
    if (this.#replaying) this.#replayedMs = Math.max(this.#replayedMs, timeMs);
    const watched = this.#watched(session);
    this.#detection.policyDecision(event, timeMs, new WatchedFacts(session, watched.startedMs), watched);
  }

  toolList(event: EventOf<'tool_list'>, timeMs: number): void {
    if (!this.enabled) return;
    this.#risks.list(event);
    this.#detection.toolList(event, timeMs);
  }

  /** Forgets an ended session; one that `teaches` adds to the baselines when nothing was found in it. Whether it did. */
  ended(session: WatchedSession, teaches: boolean): boolean {
    const { watched } = session;
    if (!watched) return teaches;
    const facts = new WatchedFacts(session, watched.startedMs);
    const calls = watched.calls - watched.unwatched;
    let taught = false;
    this.#detection.end(facts, watched, () => {
      taught = teaches && this.#mayTeach(facts, calls);
      return !taught;
    });
    this.#trails.release(watched);
    session.watched = undefined;
    if (!teaches) return false;
    const scores = new Map([...(watched.suspected ?? [])].map(([detector, { score }]) => [detector, score]));
    this.#learning.observe(session.type, scores, this.#nowMs());
    if (calls > 0) this.#parts.instruments.inc(sessionsContent, { content: contentOf(watched) });
    return taught;
  }

  tick(nowMs: number): void {
    if (!this.enabled) return;
    this.#detection.tick(nowMs);
    this.#learning.countEvictions();
    this.#learning.budget.tick(nowMs, () =>
      this.#parts.findings.all.some((finding) => holdsThresholds(finding, nowMs)),
    );
  }

  /** Takes a human's word for a finding, which is given if memory no longer has it; undefined when nobody knows it. */
  judge(judgement: Judgement, evicted?: Finding): Finding | undefined {
    return this.#suspicions.judge(judgement, evicted);
  }

  stateOf(detector: DetectorName): DetectorState {
    return this.#learning.stateOf(detector);
  }

  expose(): void {
    if (this.enabled) this.#learning.expose();
  }

  /** What is known of finished sessions, as plain JSON. */
  learnt(): object {
    return this.#learning.snapshot();
  }

  /**
   * Forgets what is known of finished sessions, and takes up what is given in its place; the names of the parts that
   * have another shape and start anew. What humans allowed stays.
   */
  relearn(saved?: unknown): readonly string[] {
    this.#learning = this.#newLearning();
    this.#detection = this.#detect();
    return saved === undefined ? [] : this.#learning.restore(saved);
  }

  /** All but the baselines of the detectors, which `baselines` says. */
  snapshot(): object {
    return { ...this.#learning.rest(), detectors: [], allowed: this.#suspicions.allowed.snapshot() };
  }

  /** The baselines of the detectors, as portions of the snapshot's list `detectors`, each JSON. */
  baselines(fresh: boolean): Iterable<string> {
    return this.#learning.texts(fresh, this.#parts.now());
  }

  /** False when part of what was saved has another shape and starts anew. */
  restore(saved: unknown): boolean {
    const fresh = this.#learning.restore(saved);
    const allowed = this.#suspicions.allowed.restore((saved as { allowed?: unknown } | undefined)?.allowed);
    return fresh.length === 0 && allowed;
  }

  /** What is read back takes no pages of today, and did not all happen within the hour of the restart. */
  #nowMs(): number {
    const nowMs = this.#parts.now();
    return this.#replaying ? Math.min(nowMs, this.#replayedMs) : nowMs;
  }

  #newLearning(): Learning {
    const { config, instruments, baselines, makeDetectors = allDetectors } = this.#parts;
    return new Learning(config, instruments, [new ToolDiversity(config, baselines), ...makeDetectors()]);
  }

  #detect(): Detection {
    const { instruments, onError } = this.#parts;
    return new Detection({
      detectors: this.#learning.detectors,
      riskOf: (server, tool) => this.#risks.of(server, tool),
      report: (session, suspicion) => this.#report(session, suspicion),
      onError: (detector, error) => {
        instruments.inc(collectorDetectorErrors, { detector });
        if (this.#failed.has(detector)) return;
        this.#failed.add(detector);
        onError(detector, error);
      },
    });
  }

  /** What is remembered of an open session. */
  #watched(session: WatchedSession): Watched {
    const { watched } = session;
    if (watched) return watched;
    // The call under way is counted already, except where it is no call.
    const unwatched = Math.max(0, session.calls - 1);
    const { calls, states } = this.#detection.open(unwatched);
    const opened: Watched = {
      calls,
      states,
      startedMs: session.startedMs,
      unwatched,
      withContent: 0,
      lost: this.#replaying || unwatched > 0,
      suspected: undefined,
      trailAt: 0,
      trailLength: 0,
      trailFirst: unwatched,
    };
    session.watched = opened;
    return opened;
  }

  #report(session: SessionFacts, suspicion: Suspicion): void {
    const watched = this.#parts.findSession(session.id)?.watched;
    const step = (index: number) => (watched ? this.#trails.step(watched, index) : { index });
    this.#suspicions.report(session, suspicion, watched, step);
  }

  /** Whether an ended session may teach the baselines. */
  #mayTeach({ id, type, user = NOBODY }: WatchedFacts, calls: number): boolean {
    const found = this.#parts.findings
      .of(id)
      .some(({ detector, status }) => detector !== 'tool_diversity' && status !== 'dismissed');
    return this.#learning.admit(type, user, calls, found);
  }
}

/** Whom nobody vouches for teaches as one: an agent names its client as it likes, and could be many. */
const NOBODY = '';

/** Longest time for which an incident that nobody looks at keeps the thresholds as they are. */
const HOLDS_FOR_MS = 86_400_000;

const holdsThresholds = ({ severity, status, last_seen_ms }: Finding, nowMs: number) =>
  severity === 'critical' && status === 'open' && last_seen_ms > nowMs - HOLDS_FOR_MS;
