/**
 * The sessions: opened by their first event, ended by their own last, by silence, or to make room.
 *
 * Only events that carry a session id have a session; whoever sends or adapts them knows what may pass for one.
 * Silence is measured by arrival, so that a session ends even when no clock but ours goes on, and by event time, so
 * that a backlog delivered at once falls into the sessions it came from. An event older than the end of an ended
 * session is late: it counts everywhere but there.
 * An evicted session is no completed one: it is in no histogram and teaches no baseline.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { collectorEvictions, collectorSessionsOpen } from '../catalogue/collector-metrics.ts';
import type { McpEvent } from '../catalogue/events.ts';
import { sessionType as typeLabel, UNKNOWN } from '../catalogue/labels.ts';
import { sessionDuration, sessionToolCalls, sessionUniqueTools } from '../catalogue/metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import type { Position } from '../journal/segment.ts';
import { cleanLabelValue } from '../series-bounds.ts';
import type { Baselines } from './baselines.ts';
import type { Names } from './names.ts';
import type { OpenSession } from './open-session.ts';
import { OpenSessions } from './open-sessions.ts';
import { sessionHoldMsOf } from './peak-hold.ts';
import type { AcceptedEvent } from './pipeline.ts';
import { loadEnded, notePlace, type Session, type SessionEnd, savedSessionSchema } from './session.ts';
import { SessionGauges } from './session-gauges.ts';
import { SessionSaving } from './session-saving.ts';
import { isLoneCall, sessionTypeOf } from './session-type.ts';

/** Ended sessions kept for the pages, and to know late events by. */
const RECENTLY_ENDED = 2_000;
/** Tools remembered over all sessions, for each session there may be: a bound for memory, far above what agents use. */
const TOOLS_PER_POSSIBLE_SESSION = 10;

/** By less than this times go back when several requests are under way: no step of the clock. */
const STEP_MS = 60_000;

const savedSessions = Type.Object({
  open: Type.Array(savedSessionSchema),
  ended: Type.Array(savedSessionSchema),
  /** Peaks of distinct tools by type, which scrapes may not have seen. */
  peaks: Type.Array(Type.Tuple([Type.String(), Type.Number()])),
});
const savedCheck = Compile(savedSessions);

type Arrival = Omit<AcceptedEvent, 'sourceKind'>;

/** The row of an open session, and which of the sessions it is that the row has had. */
export interface HeldSession {
  sessionRow: number;
  sessionGeneration: number;
}

export class Sessions {
  readonly #config: CollectorConfig;
  readonly #instruments: Instruments;
  readonly #baselines: Baselines;
  readonly #now: () => number;
  readonly #gauges: SessionGauges;
  readonly #open = new OpenSessions();
  /** By id, the one that ended first first. */
  readonly #ended = new Map<string, Session>();
  /** Tools of all open and ended sessions together. */
  #tools = 0;
  #lastTickMs = 0;
  /** No session goes idle before this. */
  #nextIdleMs = 0;
  /** A save that is under way, told of each session before it changes. */
  #saving: SessionSaving | undefined;
  /** Told of each session that has ended, and again when an event of it comes late. */
  onEnd: (session: Session) => void = () => {};
  /** Told before that of each session that is about to end, and whether it is a whole one; says whether it teaches what is usual. */
  onClose: (session: OpenSession, whole: boolean) => boolean = (_, whole) => whole;

  constructor(config: CollectorConfig, instruments: Instruments, baselines: Baselines, now: () => number) {
    this.#config = config;
    this.#instruments = instruments;
    this.#baselines = baselines;
    this.#now = now;
    this.#gauges = new SessionGauges(instruments, sessionHoldMsOf(config));
  }

  /** Open sessions as they are now, the one with the newest event last. */
  get open(): readonly Session[] {
    return Array.from(this.#open, (session) => session.copy());
  }

  /** The same without copying them, only to be looked at: a session may end with the next event. */
  eachOpen(): Iterable<OpenSession> {
    return this.#open;
  }

  /** How many are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Recently ended sessions, the last to end last. */
  get ended(): readonly Session[] {
    return [...this.#ended.values()];
  }

  /** By id: the open one as it is now, else the last that ended. */
  find(id: string): Session | undefined {
    return this.findOpen(id)?.copy() ?? this.#ended.get(id);
  }

  /** As `OpenSessions` does. */
  fetch(id: string): number {
    return this.#open.fetch(id);
  }

  /** As `OpenSessions` does. */
  fetchRow(row: number): number {
    return this.#open.fetchRow(row);
  }

  findOpen(id: string): OpenSession | undefined {
    return this.#open.find(id);
  }

  /** The session of an event, opened if need be; undefined when it has none or comes after the end of its own. */
  touch(arrival: Arrival): OpenSession | undefined {
    const { event, timeMs, receivedMs, position } = arrival;
    if (!event.session) return undefined;
    const { id } = event.session;
    const open = this.#current(id, timeMs);
    // What happened before the last one of this id had ended is of that one, though the next may have begun.
    if ((!open || timeMs < open.startedMs) && this.#cameLate(id, arrival)) return undefined;
    const session = open ?? this.#begin(id, arrival);
    if (!session) return undefined;
    this.#saving?.before(session);
    session.events++;
    if (timeMs < session.startedMs) session.startedMs = timeMs;
    if (timeMs > session.lastMs) session.lastMs = timeMs;
    session.lastReceivedMs = receivedMs;
    session.notePlace(position);
    this.#identify(session, event);
    this.#open.touch(session);
    return session;
  }

  /**
   * As `touch`, of a call of a session that has been held: nothing is looked up by name, and no call of the same setting says
   * what its first one did not. Undefined when the session has ended meanwhile, or only `touch` can say whose the call is.
   */
  touchHeld(
    held: HeldSession,
    timeMs: number,
    receivedMs: number,
    position: Position,
  ): OpenSession | undefined {
    const session = this.#open.held(held.sessionRow, held.sessionGeneration);
    if (session === undefined || timeMs < session.startedMs) return undefined;
    if (timeMs - session.lastMs > this.#idleMs) return undefined;
    this.#saving?.before(session);
    session.events++;
    if (timeMs > session.lastMs) session.lastMs = timeMs;
    session.lastReceivedMs = receivedMs;
    session.notePlace(position);
    this.#open.touch(session);
    return session;
  }

  /** Numbers for the names that sessions have in common. */
  get names(): Names {
    return this.#open.rows.names;
  }

  /** Counts a call to a tool, by the number of its name; true when it is the session's first to it. */
  addCall(session: OpenSession, endpoint: number): boolean {
    const wasLone = isLoneCall(session);
    session.calls++;
    if (wasLone && !isLoneCall(session)) this.#gauges.joined(session);
    if (session.countNamedTool(endpoint)) return false;
    const { toolsPerSession, sessions } = this.#config.limits;
    if (session.distinctTools >= toolsPerSession || this.#tools >= sessions * TOOLS_PER_POSSIBLE_SESSION) {
      this.#instruments.inc(collectorEvictions, { table: 'session_tools' });
      return false;
    }
    this.#tools++;
    session.addNamedTool(endpoint);
    this.#gauges.grew(session);
    return true;
  }

  /** Ends a session by its own event. */
  end(session: OpenSession, reason?: string): void {
    this.#close(session, 'ended', session.lastMs, reason);
  }

  /** Ends the sessions that have gone idle. */
  tick(nowMs: number): void {
    if (nowMs < this.#lastTickMs - STEP_MS) this.#followClock(nowMs);
    this.#lastTickMs = nowMs;
    if (nowMs < this.#nextIdleMs) return;
    let nextIdleMs = nowMs + this.#idleMs;
    for (const session of this.#open) {
      const idleFromMs = session.lastReceivedMs + this.#idleMs;
      if (idleFromMs >= nowMs) {
        nextIdleMs = idleFromMs;
        break;
      }
      this.#close(session, 'idle', session.lastMs + this.#idleMs);
    }
    this.#nextIdleMs = nextIdleMs;
  }

  /** When the clock has stepped back, what it now calls the future was just now: else no session would end for the step. */
  #followClock(nowMs: number): void {
    this.#nextIdleMs = 0;
    for (const session of this.#open) {
      this.#saving?.before(session);
      session.lastReceivedMs = Math.min(session.lastReceivedMs, nowMs);
    }
  }

  expose(nowMs: number): void {
    this.#instruments.set(collectorSessionsOpen, {}, this.#open.size);
    this.#gauges.expose(nowMs);
  }

  /** Begins to save the sessions as they are now. One save at a time; it must be ended. */
  save(nowMs: number): SessionSaving {
    const open = this.#open.rowsByRecency();
    this.#saving = new SessionSaving(this.#open.rows, open, this.ended, this.#gauges.peaks(nowMs), () => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown, nowMs: number): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const session of saved.ended)
      this.#remember(loadEnded({ ...session, type: this.#typeLabel(session.type) }));
    for (const session of saved.open) {
      // So that a step of the clock while the collector was down is seen as one.
      this.#lastTickMs = Math.max(this.#lastTickMs, session.lastReceivedMs);
      if (!this.#open.has(session.id))
        this.#add(this.#open.load({ ...session, type: this.#typeLabel(session.type) }));
    }
    // A peak that belongs to an open session outlives the hold anyway.
    for (const [type, tools] of saved.peaks) this.#gauges.hold(this.#typeLabel(type), tools, nowMs);
    return true;
  }

  get #idleMs(): number {
    return this.#config.sessionIdleSeconds * 1_000;
  }

  #typeLabel(type: string): string {
    return this.#instruments.bounded(typeLabel, type);
  }

  /** The open session, unless the silence before this event ended it. */
  #current(id: string, timeMs: number): OpenSession | undefined {
    const session = this.#open.find(id);
    if (!session || timeMs - session.lastMs <= this.#idleMs) return session;
    this.#close(session, 'idle', session.lastMs + this.#idleMs);
    return undefined;
  }

  /** Whether an event is of the session that ended; it counts as late there. */
  #cameLate(id: string, { timeMs, position }: Arrival): boolean {
    const ended = this.#ended.get(id);
    if (!ended?.end || timeMs > ended.end.untilMs) return false;
    this.#saving?.before(ended);
    ended.lateEvents++;
    notePlace(ended, position);
    this.onEnd(ended);
    return true;
  }

  #begin(id: string, { event, timeMs, receivedMs }: Arrival): OpenSession | undefined {
    if (event.kind === 'session_end') return undefined;
    const type = this.#typeLabel(sessionTypeOf(event, this.#config.sessionTypeRules));
    const session = this.#open.begin(id, type, event.server, timeMs, receivedMs);
    this.#add(session);
    return session;
  }

  /** Takes from an event what the session did not know yet. */
  #identify(session: OpenSession, { session: said, client, user, environment }: McpEvent): void {
    if (user !== undefined && session.user === undefined) session.user = user;
    if (environment !== undefined && session.environment === undefined) session.environment = environment;
    const namesType = said?.type !== undefined && !session.typeGiven;
    const namesClient = client !== undefined && session.client === UNKNOWN;
    if (!namesType && !namesClient) return;
    this.#gauges.leave(session);
    if (namesType) {
      session.type = this.#typeLabel(said.type as string);
      session.typeGiven = true;
    }
    if (namesClient) session.client = cleanLabelValue(client.name);
    this.#gauges.enter(session);
  }

  /** Opens a session; at the bound, the one without an event for longest makes room. */
  #add(session: OpenSession): void {
    const { oldest } = this.#open;
    if (oldest && this.#open.size >= this.#config.limits.sessions) {
      this.#close(oldest, 'evicted', oldest.lastMs);
      this.#instruments.inc(collectorEvictions, { table: 'sessions' });
    }
    this.#open.add(session);
    this.#tools += session.distinctTools;
    this.#gauges.enter(session);
  }

  #close(open: OpenSession, how: SessionEnd, untilMs: number, reason?: string): void {
    this.#saving?.before(open);
    const whole = how !== 'evicted' && !isLoneCall(open);
    let teaches = false;
    try {
      teaches = this.onClose(open, whole);
    } finally {
      // Even if that tripped: a session that stayed open would trip it again, and keep all that are younger.
      const session = this.#takeOut(open);
      session.end = { how, untilMs, ...(reason === undefined ? {} : { reason }) };
      this.#remember(session);
      this.onEnd(session);
      if (whole) this.#count(session, teaches);
    }
  }

  #takeOut(open: OpenSession): Session {
    this.#tools -= open.distinctTools;
    this.#gauges.leave(open);
    this.#gauges.hold(open.type, open.distinctTools, this.#now());
    return this.#open.take(open);
  }

  #count(session: Session, teaches: boolean): void {
    const labels = { session_type: session.type };
    this.#instruments.observe(sessionDuration, labels, (session.lastMs - session.startedMs) / 1_000);
    this.#instruments.observe(sessionToolCalls, labels, session.calls);
    this.#instruments.observe(sessionUniqueTools, labels, session.tools.size);
    if (teaches) this.#baselines.learn(session.type, session.tools.size);
  }

  /** Keeps an ended session; the one that ended first makes room. */
  #remember(session: Session): void {
    this.#forget(session.id);
    this.#ended.set(session.id, session);
    this.#tools += session.tools.size;
    if (this.#ended.size > RECENTLY_ENDED) this.#forget(this.#ended.keys().next().value as string);
  }

  #forget(id: string): void {
    this.#tools -= this.#ended.get(id)?.tools.size ?? 0;
    this.#ended.delete(id);
  }
}
