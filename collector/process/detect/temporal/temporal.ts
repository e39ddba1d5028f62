/**
 * Finds activity at times that are not a principal's own, sessions that outlast their type, and rates never reached.
 * See `off-hours.ts`, `hours.ts` and `lengths.ts` for how, and for the thresholds' sources.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import type { Detector, Report } from '../detector.ts';
import { QUARTER_MS, savedHoursSchema } from './hours.ts';
import { Lengths } from './lengths.ts';
import { newPrincipal, OffHours, type Principal, TOLD_DAYS } from './off-hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MAXIMUM_PRINCIPALS = 10_000;
const MAXIMUM_TYPES = 50;
/** Quarter-hours of a session that are learnt from. */
const MAXIMUM_QUARTERS = 64;
/** Calls in an hour: this many times the peak, and at least. */
const RATE_TIMES_PEAK = 3;
const MINIMUM_RATE = 100;

export interface TemporalState {
  /** First and last call, in milliseconds since the session started: small numbers take no box each. */
  fromMs: number;
  toMs: number;
  calls: number;
  /** The last active quarter-hour since the epoch, and the calls in it. */
  quarter: number;
  inQuarter: number;
  /** Those before it, each followed by its calls. */
  earlier: number[] | undefined;
  /** Multiples of the limit that were told of. */
  toldDuration: number;
  toldCalls: number;
}

interface OfType {
  readonly durations: Lengths;
  readonly calls: Lengths;
}

const count = Type.Integer({ minimum: 0 });
const lengths = Type.Array(Type.Number());
const savedSchema = Type.Object({
  days: count,
  offDays: Type.Array(count),
  principals: Type.Array(
    Type.Object({ principal: Type.String(), hours: savedHoursSchema, toldMs: Type.Array(Type.Number()) }),
  ),
  types: Type.Array(Type.Object({ type: Type.String(), durations: lengths, calls: lengths })),
});
const savedCheck = Compile(savedSchema);

export class Temporal implements Detector<TemporalState> {
  readonly name = 'temporal';
  readonly #principals = new Bounded<Principal>(MAXIMUM_PRINCIPALS);
  readonly #types = new Bounded<OfType>(MAXIMUM_TYPES);
  readonly #offHours = new OffHours();

  open(session: SessionFacts): TemporalState {
    return {
      fromMs: 0,
      toMs: 0,
      calls: 0,
      quarter: Math.floor(session.startedMs / QUARTER_MS),
      inQuarter: 0,
      earlier: undefined,
      toldDuration: 0,
      toldCalls: 0,
    };
  }

  observe(call: Call, session: SessionFacts, state: TemporalState, report: Report): void {
    const { timeMs } = call;
    state.calls++;
    const sinceMs = Math.round(timeMs - session.startedMs);
    state.fromMs = Math.min(state.fromMs, sinceMs);
    state.toMs = Math.max(state.toMs, sinceMs);
    noteQuarter(state, Math.floor(timeMs / QUARTER_MS));
    this.#length(call, session, state, report);
    const principal = this.#principals.use(session.principal, () => newPrincipal(timeMs));
    this.#rate(call, session, principal, report);
    this.#offHours.judge(call, session, principal, report);
  }

  learn(session: SessionFacts, state: TemporalState): void {
    if (state.calls === 0) return;
    const type = this.#types.use(session.type, () => ({ durations: new Lengths(), calls: new Lengths() }));
    type.durations.learn((state.toMs - state.fromMs) / MINUTE_MS);
    type.calls.learn(state.calls);
    const principal = this.#principals.use(session.principal, () =>
      newPrincipal(session.startedMs + state.fromMs),
    );
    this.#offHours.learnDays(principal, session.startedMs + state.toMs);
    const quarters = [...(state.earlier ?? []), state.quarter, state.inQuarter];
    for (let i = 0; i < quarters.length; i += 2)
      principal.hours.learn(quarters[i] as number, quarters[i + 1] as number);
  }

  /** Principals and types that had to make room. */
  evicted(): number {
    return this.#principals.evicted + this.#types.evicted;
  }

  snapshot(): unknown {
    return {
      days: this.#offHours.days,
      offDays: [...this.#offHours.offDays],
      principals: [...this.#principals.entries()]
        .filter(([, { hours }]) => hours.quarters > 0)
        .map(([principal, { hours, toldMs }]) => ({
          principal,
          hours: hours.snapshot(),
          toldMs: [...toldMs],
        })),
      types: [...this.#types.entries()].map(([type, { durations, calls }]) => ({
        type,
        durations: [...durations.values],
        calls: [...calls.values],
      })),
    };
  }

  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    const { offDays } = this.#offHours;
    this.#offHours.days = saved.days;
    for (let kind = 0; kind < offDays.length; kind++) offDays[kind] = saved.offDays[kind] ?? 0;
    for (const { principal, hours, toldMs } of saved.principals) {
      const made = this.#principals.use(principal, () => newPrincipal(hours.firstMs));
      made.hours.restore(hours);
      made.toldMs = toldMs.slice(-TOLD_DAYS);
    }
    for (const { type, durations, calls } of saved.types)
      this.#types.use(type, () => ({ durations: new Lengths(durations), calls: new Lengths(calls) }));
    return true;
  }

  #rate(call: Call, session: SessionFacts, principal: Principal, report: Report): void {
    const hour = Math.floor(call.timeMs / HOUR_MS);
    if (hour !== principal.hour) {
      principal.hour = hour;
      principal.hourCalls = 0;
    }
    principal.hourCalls++;
    const { hourCalls } = principal;
    const { peak } = principal.hours;
    // Told of at the limit and each time it doubles.
    const limit = Math.max(MINIMUM_RATE, RATE_TIMES_PEAK * peak);
    if (peak === 0 || !isDoubling(hourCalls, limit) || principal.hours.daysAt(call.timeMs) < 14) return;
    report(session, {
      detector: 'temporal',
      certainty: 'supporting',
      score: hourCalls / peak,
      message: `${hourCalls} calls of this principal in one hour; its peak in ${Math.floor(principal.hours.daysAt(call.timeMs))} days was ${peak}.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: { calls: [call.index], baseline: { peak, limit } },
    });
  }

  #length(call: Call, session: SessionFacts, state: TemporalState, report: Report): void {
    const type = this.#types.get(session.type);
    if (!type) return;
    const minutes = (state.toMs - state.fromMs) / MINUTE_MS;
    const duration = type.durations.limit();
    if (duration && minutes > duration.above * 2 ** state.toldDuration) {
      state.toldDuration = Math.ceil(Math.log2(minutes / duration.above) + 1e-9);
      this.#long(call, session, report, minutes / duration.above, 'runs for', minutes, duration, ' min');
    }
    const calls = type.calls.limit();
    if (calls && state.calls > Math.max(calls.above, 20) * 2 ** state.toldCalls) {
      state.toldCalls++;
      this.#long(call, session, report, state.calls / calls.above, 'has made', state.calls, calls, ' calls');
    }
  }

  #long(
    call: Call,
    session: SessionFacts,
    report: Report,
    times: number,
    verb: string,
    value: number,
    { median, p99, sessions, above }: { median: number; p99: number; sessions: number; above: number },
    unit: string,
  ): void {
    report(session, {
      detector: 'temporal',
      certainty: 'scored',
      // A value above 3.5 deviations has a chance of 0.0002, 8 nats, before it is above three times the 99th percentile.
      score: 8 + Math.log(times),
      message: `A session of type ${session.type} ${verb} ${Math.round(value)}${unit} so far; of the last ${sessions} the median is ${round(median)} and 99 % stay within ${round(p99)}.`,
      server: call.server,
      tool: call.tool,
      timeMs: call.timeMs,
      evidence: {
        calls: [call.index],
        baseline: { sessions, median: round(median), p99: round(p99), threshold: round(above) },
      },
    });
  }
}

function noteQuarter(state: TemporalState, quarter: number): void {
  if (state.inQuarter === 0) state.quarter = quarter;
  if (state.quarter === quarter) {
    state.inQuarter++;
    return;
  }
  const earlier = state.earlier ?? [];
  if (earlier.length + 2 >= 2 * MAXIMUM_QUARTERS) return;
  earlier.push(state.quarter, state.inQuarter);
  Object.assign(state, { earlier, quarter, inQuarter: 1 });
}

/** Whether a count has just passed a limit, or its double, its fourfold … */
function isDoubling(count: number, limit: number): boolean {
  const times = (count - 1) / limit;
  return times >= 1 && Number.isInteger(Math.log2(times));
}

const round = (value: number) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
