/** The detectors' host with one detector that says what a call's tool tells it to, on a clock that tests move by hand. */
import type { McpEvent } from '../../../../collector/catalogue/events.ts';
import { type CollectorConfig, collectorDefaults } from '../../../../collector/config.ts';
import { createInstruments, type Instruments } from '../../../../collector/instruments.ts';
import { Baselines } from '../../../../collector/process/baselines.ts';
import type { Call, SessionFacts } from '../../../../collector/process/detect/call.ts';
import type { Detector, Evidence, Report } from '../../../../collector/process/detect/detector.ts';
import { DetectorHost } from '../../../../collector/process/detect/host.ts';
import type { Verdict } from '../../../../collector/process/finding.ts';
import { Findings } from '../../../../collector/process/findings.ts';
import { OpenSession } from '../../../../collector/process/open-session.ts';
import { SessionRows } from '../../../../collector/process/session-rows.ts';

const START_MS = Date.parse('2026-11-21T12:00:00Z');

/** Tools: `confirm`, `score` and `hint` report what the arguments say, `trip` throws, all others are silent. */
class Told implements Detector<{ calls: number }> {
  readonly name = 'sequence';
  learnt: string[] = [];
  knowsTypes = true;
  madeRoom = 0;

  open = () => ({ calls: 0 });

  observe(call: Call, session: SessionFacts, state: { calls: number }, report: Report): void {
    state.calls++;
    if (call.tool === 'trip') throw new Error('over this');
    const certainty = ({ confirm: 'confirmed', score: 'scored', hint: 'supporting' } as const)[call.tool];
    if (certainty === undefined) return;
    const field = (name: string) => call.arguments?.fields.find(({ path }) => path === name)?.text;
    const destination = field('to');
    const evidence: Evidence = {
      calls: [0, call.index],
      ...(destination === undefined ? {} : { destination }),
      excerpt: 'what was said',
    };
    const { server, tool, timeMs } = call;
    const score = Number(field('score') ?? 1);
    const message = `Call ${call.index} is odd.`;
    report(session, { detector: this.name, certainty, score, message, server, tool, timeMs, evidence });
  }

  learn(session: SessionFacts): void {
    this.learnt.push(session.id);
  }

  knows(): boolean {
    return this.knowsTypes;
  }

  evicted(): number {
    return this.madeRoom;
  }

  snapshot(): unknown {
    return this.learnt;
  }

  restore(saved: unknown): boolean {
    if (!Array.isArray(saved)) return false;
    this.learnt = saved;
    return true;
  }
}

type Detection = Partial<CollectorConfig['detection']>;

export class Desk {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly findings: Findings;
  readonly host: DetectorHost;
  readonly faults: string[] = [];
  nowMs = START_MS;
  /** How long ago a call happened that is shown now. */
  agoMs = 0;
  detector!: Told;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #rows = new SessionRows();
  #events = 0;

  /** Unless it is `live`, calls are read back from the journal. */
  constructor(detection: Detection = {}, rest: Partial<CollectorConfig> = {}, live = true) {
    this.config = {
      ...collectorDefaults,
      baselineMinimumSessions: 20,
      ...rest,
      detection: {
        ...collectorDefaults.detection,
        sessionsPerDay: 100,
        digestEntriesPerDay: 5,
        ...detection,
      },
    };
    this.instruments = createInstruments(this.config, () => this.nowMs);
    this.findings = new Findings(this.config, this.instruments);
    this.host = new DetectorHost({
      config: this.config,
      instruments: this.instruments,
      baselines: new Baselines(this.config, this.instruments),
      findings: this.findings,
      findSession: (id) => this.#sessions.get(id),
      now: () => this.nowMs,
      makeDetectors: () => {
        this.detector = new Told();
        return [this.detector];
      },
      onError: (detector, error) => this.faults.push(`${detector}: ${error.message}`),
    });
    if (live) this.host.live();
  }

  call(id: string, tool: string, args?: object, user = 'ada', type = 'support'): void {
    let session = this.#sessions.get(id);
    if (!session) {
      session = new OpenSession(this.#rows, this.#rows.take(id));
      session.begin(type, 'mail', this.nowMs, this.nowMs);
      session.user = user;
      this.#sessions.set(id, session);
    }
    session.calls++;
    if (!session.countTool(`mail/${tool}`)) session.addTool(`mail/${tool}`);
    const event = {
      kind: 'tool_call',
      id: `e${this.#events++}`,
      time: new Date(this.nowMs).toISOString(),
      server: 'mail',
      tool,
      outcome: 'ok',
      ...(args && { arguments: args }),
    } as Extract<McpEvent, { kind: 'tool_call' }>;
    this.host.toolCall(event, this.nowMs - this.agoMs, session);
  }

  end(id: string): void {
    const session = this.#sessions.get(id);
    if (!session) throw new Error(`there is no session ${id}`);
    this.host.ended(session, true);
    this.#sessions.delete(id);
  }

  /** Ended sessions, each with one score of so many, 0 for none, by users in turn. */
  history(scores: readonly number[]): void {
    for (const [i, score] of scores.entries()) {
      const id = `past-${this.#events}`;
      this.call(id, score > 0 ? 'score' : 'read', { score }, `user-${i % 30}`);
      this.end(id);
    }
    this.pass(61);
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
    this.host.tick(this.nowMs);
  }

  /** What a snapshot would hold, as it would be read again. */
  saved(last = true): object {
    const detectors = [...this.host.baselines(last)].flatMap((json) => JSON.parse(json));
    return JSON.parse(JSON.stringify({ ...this.host.snapshot(), detectors }));
  }

  judge(finding: string, verdict: Verdict): void {
    this.host.judge({ finding, verdict, time_ms: this.nowMs });
  }
}
