/** Everything that happens to an event once it is durable, in order. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { EventKind, EventOf, McpEvent } from '../catalogue/events.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import type { Position } from '../journal/segment.ts';
import { WINDOW_COPY } from '../processes/routing.ts';
import type { CallColumns } from '../receive/calls/call-columns.ts';
import { savedGroupSchema } from '../series.ts';
import { cleanLabelValue } from '../series-bounds.ts';
import { Access } from './access.ts';
import { Baselines } from './baselines.ts';
import { BurstWindows } from './burst-windows.ts';
import { Capabilities } from './capabilities.ts';
import { DetectorHost } from './detect/host.ts';
import { Findings } from './findings.ts';
import { KnownTools } from './known-tools.ts';
import type { OpenSession } from './open-session.ts';
import type { Occasion, Parts } from './parts.ts';
import { readCall, type Source } from './read-calls.ts';
import { authFailure, countInWindow, dlpBlock, policyDecision } from './security-events.ts';
import type { SessionSaving } from './session-saving.ts';
import { Sessions } from './sessions.ts';
import { toolCall } from './tool-calls.ts';
import { Views } from './views.ts';

/** An event that is on disk, with its times in milliseconds since the epoch. */
export interface AcceptedEvent {
  /** Its session id is a keyed hash of the one that was sent. */
  readonly event: McpEvent;
  /** When it happened, as it says itself. */
  readonly timeMs: number;
  /** When it was accepted. */
  readonly receivedMs: number;
  /** Kind of source it came from, such as `native`. */
  readonly sourceKind: string;
  /** Where its journal record starts. */
  readonly position: Position;
}

/** What `save` gives. */
export interface SavedState {
  /** All but the sessions, as plain JSON by name. */
  readonly parts: Readonly<Record<string, unknown>>;
  readonly sessions: SessionSaving;
  /** Baselines of the detectors: portions of the list `detectors` of the part `detection`, each JSON. */
  readonly detectors: Iterable<string>;
}

const savedCounts = Compile(Type.Array(savedGroupSchema));

type Handlers = { readonly [K in EventKind]: (event: EventOf<K>, occasion: Occasion, parts: Parts) => void };

/** What each kind of event does. Its session has been opened or found, and knows that it had an event, before. */
const handlers: Handlers = {
  tool_call: toolCall,
  policy_decision: policyDecision,
  dlp_block: dlpBlock,
  auth_failure: authFailure,
  tool_list: (event, { timeMs }, { knownTools, detection }) => {
    for (const { name } of event.tools) knownTools.learn(event.server, name);
    detection.toolList(event, timeMs);
  },
  session_start: () => {},
  session_end: ({ reason }, { session }, { sessions }) => {
    if (session) sessions.end(session, reason && cleanLabelValue(reason));
  },
};

/** Looks at the clock only when asked: few events do, and it costs as much as counting one. */
class Moment implements Occasion {
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly session: OpenSession | undefined;
  readonly #now: () => number;

  constructor({ timeMs, receivedMs }: AcceptedEvent, session: OpenSession | undefined, now: () => number) {
    this.timeMs = timeMs;
    this.receivedMs = receivedMs;
    this.session = session;
    this.#now = now;
  }

  get nowMs(): number {
    return this.#now();
  }
}

export class Pipeline {
  readonly #parts: Parts;
  readonly #now: () => number;
  readonly #onFault: (error: Error, event: { readonly kind: string }) => void;

  /**
   * `onFault` is told of an event that trips its handler; whoever was waiting beside it still counts. It is told of the
   * first time that a detector trips, too.
   */
  constructor(
    config: CollectorConfig,
    instruments: Instruments,
    now: () => number,
    onFault: (error: Error, event: { readonly kind: string }) => void,
  ) {
    this.#now = now;
    this.#onFault = onFault;
    const knownTools = new KnownTools(config, instruments);
    const baselines = new Baselines(config, instruments);
    const findings = new Findings(config, instruments);
    const sessions = new Sessions(config, instruments, baselines, now);
    const detection = new DetectorHost({
      config,
      instruments,
      baselines,
      findings,
      findSession: (id) => sessions.findOpen(id),
      now,
      onError: (detector, error) => onFault(error, { kind: `detector ${detector}` }),
    });
    sessions.onClose = (session, whole) => detection.ended(session, whole);
    this.#parts = {
      config,
      instruments,
      access: new Access(config, instruments),
      baselines,
      capabilities: new Capabilities(instruments),
      detection,
      findings,
      knownTools,
      sessions,
      views: new Views(instruments, knownTools),
      windows: new BurstWindows(config, instruments),
    };
    instruments.beforeScrape(() => this.#expose());
  }

  get sessions(): Sessions {
    return this.#parts.sessions;
  }

  get findings(): Findings {
    return this.#parts.findings;
  }

  get capabilities(): Capabilities {
    return this.#parts.capabilities;
  }

  get detection(): DetectorHost {
    return this.#parts.detection;
  }

  get baselines(): Baselines {
    return this.#parts.baselines;
  }

  /** Whether a server stood by a tool of this name. */
  knowsTool(server: string, tool: string): boolean {
    return this.#parts.knownTools.has(server, tool);
  }

  process(accepted: AcceptedEvent): void {
    // By the clock of the journal, so that a replay decides as it was decided.
    this.#release(accepted.receivedMs);
    this.sessions.tick(accepted.receivedMs);
    if (accepted.sourceKind === WINDOW_COPY) {
      const { event } = accepted;
      countInWindow(event, new Moment(accepted, undefined, this.#now), this.#parts);
      return;
    }
    this.#parts.capabilities.observe(accepted.sourceKind, accepted.event);
    if (!this.#parts.views.hold(accepted)) this.#apply(accepted);
  }

  /** As `process`, of a call that was read and is its server's own view, given by its row. */
  processCall(calls: CallColumns, row: number, from: Source): void {
    this.#release(from.receivedMs);
    this.sessions.tick(from.receivedMs);
    try {
      readCall(calls, row, from, this.#parts);
    } catch (error) {
      this.#onFault(error as Error, { kind: 'tool_call' });
    }
  }

  #release(nowMs: number): void {
    for (const accepted of this.#parts.views.due(nowMs)) this.#apply(accepted);
  }

  #apply(accepted: AcceptedEvent): void {
    const { event } = accepted;
    try {
      const session = this.sessions.touch(accepted);
      const handle = handlers[event.kind] as (event: McpEvent, occasion: Occasion, parts: Parts) => void;
      handle(event, new Moment(accepted, session, this.#now), this.#parts);
    } catch (error) {
      this.#onFault(error as Error, event);
    }
  }

  /** What time alone brings about; to be called about once a second. */
  tick(): void {
    const nowMs = this.#now();
    this.#release(nowMs);
    this.sessions.tick(nowMs);
    this.#parts.windows.tick(nowMs);
    this.#parts.detection.tick(nowMs);
  }

  /**
   * All that a restart must not forget, as it is now. Of the counters only what may not have been scraped yet. The
   * sessions come slice by slice while others have their turn, and must be ended. What detectors learnt may be a minute
   * old, unless this is the `last` time.
   */
  save(last = false): SavedState {
    const { instruments, sessions, baselines, detection, findings, knownTools, capabilities, windows } =
      this.#parts;
    const nowMs = this.#now();
    const parts = {
      counts: instruments.unseen(),
      baselines: baselines.snapshot(),
      findings: findings.snapshot(),
      detection: detection.snapshot(),
      knownTools: knownTools.snapshot(),
      capabilities: capabilities.snapshot(),
      windows: windows.snapshot(nowMs),
      views: this.#parts.views.snapshot(),
    };
    return { parts, sessions: sessions.save(nowMs), detectors: detection.baselines(last) };
  }

  /** What is usual, as it was learnt from ended sessions, to be kept or moved to another collector. */
  exportBaselines(): object {
    return { tools: this.baselines.snapshot(), ...this.#parts.detection.learnt() };
  }

  /** Takes up what was exported in place of what was learnt here; the names of the parts that could not be used. */
  importBaselines(exported: object): readonly string[] {
    const { tools, ...learnt } = exported as Readonly<Record<string, unknown>>;
    this.baselines.reset();
    return [
      ...(this.baselines.restore(tools) ? [] : ['tool_diversity']),
      ...this.#parts.detection.relearn(learnt),
    ];
  }

  /** Takes up a snapshot. Parts that are missing or of another version's shape start clean; returns their names. */
  restore(snapshot: object): readonly string[] {
    const { sessions, baselines, detection, findings, knownTools, capabilities, windows } = this.#parts;
    const nowMs = this.#now();
    const saved = snapshot as Readonly<Record<string, unknown>>;
    const restored = {
      counts: this.#restoreCounts(saved.counts),
      sessions: sessions.restore(saved.sessions, nowMs),
      baselines: baselines.restore(saved.baselines),
      findings: findings.restore(saved.findings),
      detection: detection.restore(saved.detection),
      knownTools: knownTools.restore(saved.knownTools),
      capabilities: capabilities.restore(saved.capabilities),
      windows: windows.restore(saved.windows, nowMs),
      views: this.#parts.views.restore(saved.views),
    };
    return Object.entries(restored).flatMap(([part, known]) => (known ? [] : [part]));
  }

  #restoreCounts(saved: unknown): boolean {
    if (!savedCounts.Check(saved)) return false;
    this.#parts.instruments.restore(saved);
    return true;
  }

  #expose(): void {
    const nowMs = this.#now();
    this.sessions.expose(nowMs);
    this.baselines.expose();
    this.#parts.findings.expose(nowMs);
    this.#parts.detection.expose();
    this.#parts.windows.expose(nowMs);
  }
}
