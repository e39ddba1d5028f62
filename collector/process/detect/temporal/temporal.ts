/**
 * Finds activity at times that are not a principal's own, sessions that outlast their type, and rates never reached.
 *
 * Off hours are judged for principals who have nights, at the third call of a day that is not the continuation of usual
 * work: overtime goes on, an intruder begins. How rare that is, all such principals say together: evenings, depths of the
 * night, early mornings and days of rest are counted apart, and a day's chance is the share of days of a kind as rare or rarer.
 * After three told days in a fortnight the new hours are taken as a
 * habit: nothing more is said, and so they are learnt. See `hours.ts` and `lengths.ts` for the thresholds' sources.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';
import type { Call, SessionFacts } from '../call.ts';
import type { Detector, Report } from '../detector.ts';
import { Hours, QUARTER_MS, savedHoursSchema } from './hours.ts';
import { Lengths } from './lengths.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MAXIMUM_PRINCIPALS = 10_000;
const MAXIMUM_TYPES = 50;
/** Quarter-hours of a session that are learnt from. */
const MAXIMUM_QUARTERS = 64;
/** Hours from its own hours at which a call is off hours; one is within a clock change. */
const OFF_DISTANCE = 2;
/** Parts of a principal's night that are told apart, from its last own hour to its next. */
const NIGHT_PARTS = 12;
/** After them: own hours on a day of rest. */
const REST = NIGHT_PARTS;
/** Share of principal-days below which the like is told of by itself, which bounds false alarms: about two in a thousand. */
const RARE_DAYS = 0.0025;
/** Calls off hours in one day before anything is said. */
const OFF_HOUR_CALLS = 3;
/** Work that goes on without a longer break belongs to the hours in which it began. */
const BREAK_MS = 2 * HOUR_MS;
const TOLD_DAYS = 3;
const HABIT_MS = 14 * DAY_MS;
/** Longer absences count as this long. */
const MAXIMUM_ABSENCE_DAYS = 7;
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

/** A principal's habits, and its day. */
interface Principal {
  readonly hours: Hours;
  lastMs: number;
  /** Its present stretch of work began in its own hours. */
  usual: boolean;
  day: number;
  /** Calls off hours today, and the rarest kind of them. */
  off: number;
  kind: number;
  told: number;
  /** When it was told of on earlier days. */
  toldMs: number[];
  hour: number;
  hourCalls: number;
  learntDay: number;
  /** Its last day with calls off hours. */
  countedDay: number;
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
  /** Days of all principals with nights, and those with calls off hours by their kind. */
  #days = 0;
  readonly #offDays = Array<number>(NIGHT_PARTS + 1).fill(0);

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
    this.#hours(call, session, principal, report);
  }

  learn(session: SessionFacts, state: TemporalState): void {
    if (state.calls === 0) return;
    const type = this.#types.use(session.type, () => ({ durations: new Lengths(), calls: new Lengths() }));
    type.durations.learn((state.toMs - state.fromMs) / MINUTE_MS);
    type.calls.learn(state.calls);
    const principal = this.#principals.use(session.principal, () =>
      newPrincipal(session.startedMs + state.fromMs),
    );
    this.#learnDays(principal, session.startedMs + state.toMs);
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
      days: this.#days,
      offDays: [...this.#offDays],
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
    this.#days = saved.days;
    this.#offDays.forEach((_, kind) => {
      this.#offDays[kind] = saved.offDays[kind] ?? 0;
    });
    for (const { principal, hours, toldMs } of saved.principals) {
      const made = this.#principals.use(principal, () => newPrincipal(hours.firstMs));
      made.hours.restore(hours);
      made.toldMs = toldMs.slice(-TOLD_DAYS);
    }
    for (const { type, durations, calls } of saved.types)
      this.#types.use(type, () => ({ durations: new Lengths(durations), calls: new Lengths(calls) }));
    return true;
  }

  #hours(call: Call, session: SessionFacts, principal: Principal, report: Report): void {
    const { timeMs } = call;
    const { hours } = principal;
    const goesOn = Math.abs(timeMs - principal.lastMs) <= BREAK_MS;
    principal.lastMs = Math.max(principal.lastMs, timeMs);
    if (!hours.isTelling(timeMs)) return;
    const since = hours.sinceOwn(timeMs);
    const until = hours.untilOwn(timeMs);
    const distance = Math.min(since, until);
    const isRest = hours.isRestDay(timeMs);
    if (distance < OFF_DISTANCE && !isRest) principal.usual = true;
    else if (!goesOn) principal.usual = false;
    if (principal.usual) return;
    const day = hours.ownDay(timeMs);
    const kind = distance < OFF_DISTANCE ? REST : Math.floor((since / (since + until)) * NIGHT_PARTS);
    if (day !== principal.day) Object.assign(principal, { day, off: 0, kind, told: 0 });
    principal.off++;
    if (this.#asRare(kind) < this.#asRare(principal.kind)) principal.kind = kind;
    if (principal.off < OFF_HOUR_CALLS || principal.off < 2 * principal.told) return;
    const asRare = this.#asRare(principal.kind);
    // Counted whether told of or not: else what is told of too often would stay rare for ever.
    if (principal.countedDay !== day)
      this.#offDays[principal.kind] = (this.#offDays[principal.kind] as number) + 1;
    principal.countedDay = day;
    if (this.#isHabit(principal, timeMs)) return;
    principal.told = principal.off;
    const chance = (asRare + 1) / (this.#days + 2);
    const seen = hours.seenAround(timeMs);
    const days = Math.floor(hours.daysAt(timeMs));
    report(session, {
      detector: 'temporal',
      certainty: chance < RARE_DAYS ? 'scored' : 'supporting',
      score: -Math.log(chance) + Math.log(principal.off) / 10,
      message:
        principal.kind === REST
          ? `${principal.off} calls on a weekday on which this principal was never active in ${days} days; of ${this.#days} days of all such principals ${asRare} were as unusual.`
          : `${principal.off} calls about ${clock(timeMs)} UTC, ${since} hours after this principal's usual hours and ${until} before them: in ${days} days it was active in ${seen} of ${hours.quarters} quarter-hours within two hours of that time; of ${this.#days} days of all such principals ${asRare} were as unusual.`,
      server: call.server,
      tool: call.tool,
      timeMs,
      evidence: {
        calls: [call.index],
        baseline: {
          days,
          quarterHours: hours.quarters,
          quarterHoursAroundThisTime: seen,
          daysOfAllPrincipals: this.#days,
          daysLikeIt: asRare,
        },
      },
    });
  }

  /** Whether it was told of on enough days before today to be taken as a habit; else today is noted. */
  #isHabit(principal: Principal, timeMs: number): boolean {
    if (principal.told > 0) return false;
    principal.toldMs = principal.toldMs.filter((at) => timeMs - at < HABIT_MS);
    if (principal.toldMs.length >= TOLD_DAYS) return true;
    principal.toldMs.push(timeMs);
    return false;
  }

  /** Counts the days that went by since the principal was last learnt from. */
  #learnDays(principal: Principal, timeMs: number): void {
    const { hours } = principal;
    if (!hours.isTelling(timeMs)) return;
    const today = hours.ownDay(timeMs);
    if (principal.learntDay === Number.MAX_SAFE_INTEGER) principal.learntDay = today - 1;
    if (today <= principal.learntDay) return;
    this.#days += Math.min(MAXIMUM_ABSENCE_DAYS, today - principal.learntDay);
    principal.learntDay = today;
  }

  /** Days with calls off hours of a kind that is as rare or rarer. */
  #asRare(kind: number): number {
    const own = this.#offDays[kind] as number;
    return this.#offDays.reduce((sum, days) => (days <= own ? sum + days : sum), 0);
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

const newPrincipal = (firstMs: number): Principal => ({
  hours: new Hours(firstMs),
  lastMs: Number.NEGATIVE_INFINITY,
  usual: false,
  day: 0,
  off: 0,
  kind: 0,
  told: 0,
  toldMs: [],
  hour: 0,
  hourCalls: 0,
  learntDay: Number.MAX_SAFE_INTEGER,
  countedDay: 0,
});

/** Whether a count has just passed a limit, or its double, its fourfold … */
function isDoubling(count: number, limit: number): boolean {
  const times = (count - 1) / limit;
  return times >= 1 && Number.isInteger(Math.log2(times));
}

const round = (value: number) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
const clock = (timeMs: number) => new Date(timeMs).toISOString().slice(11, 16);
