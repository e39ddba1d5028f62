/**
 * Off hours of principals who have nights, judged at the third call of a day that is not the continuation of usual work:
 * overtime goes on, an intruder begins. How rare that is, all such principals say together: evenings, depths of the night,
 * early mornings and days of rest are counted apart, and a day's chance is the share of days of a kind as rare or rarer.
 * After three told days in a fortnight the new hours are taken as a habit: nothing more is said, and so they are learnt.
 */
import type { Call, SessionFacts } from '../call.ts';
import type { Report } from '../detector.ts';
import { Hours } from './hours.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
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
export const TOLD_DAYS = 3;
const HABIT_MS = 14 * DAY_MS;
/** Longer absences count as this long. */
const MAXIMUM_ABSENCE_DAYS = 7;

/** A principal's habits, and its day. */
export interface Principal {
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

export class OffHours {
  /** Days of all principals with nights, and those with calls off hours by their kind. */
  days = 0;
  readonly offDays = Array<number>(NIGHT_PARTS + 1).fill(0);

  /** Tells of a principal's calls at times that are not its own. */
  judge(call: Call, session: SessionFacts, principal: Principal, report: Report): void {
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
      this.offDays[principal.kind] = (this.offDays[principal.kind] as number) + 1;
    principal.countedDay = day;
    if (this.#isHabit(principal, timeMs)) return;
    principal.told = principal.off;
    const chance = (asRare + 1) / (this.days + 2);
    const seen = hours.seenAround(timeMs);
    const days = Math.floor(hours.daysAt(timeMs));
    report(session, {
      detector: 'temporal',
      certainty: chance < RARE_DAYS ? 'scored' : 'supporting',
      score: -Math.log(chance) + Math.log(principal.off) / 10,
      message:
        principal.kind === REST
          ? `${principal.off} calls on a weekday on which this principal was never active in ${days} days; of ${this.days} days of all such principals ${asRare} were as unusual.`
          : `${principal.off} calls about ${clock(timeMs)} UTC, ${since} hours after this principal's usual hours and ${until} before them: in ${days} days it was active in ${seen} of ${hours.quarters} quarter-hours within two hours of that time; of ${this.days} days of all such principals ${asRare} were as unusual.`,
      server: call.server,
      tool: call.tool,
      timeMs,
      evidence: {
        calls: [call.index],
        baseline: {
          days,
          quarterHours: hours.quarters,
          quarterHoursAroundThisTime: seen,
          daysOfAllPrincipals: this.days,
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
  learnDays(principal: Principal, timeMs: number): void {
    const { hours } = principal;
    if (!hours.isTelling(timeMs)) return;
    const today = hours.ownDay(timeMs);
    if (principal.learntDay === Number.MAX_SAFE_INTEGER) principal.learntDay = today - 1;
    if (today <= principal.learntDay) return;
    this.days += Math.min(MAXIMUM_ABSENCE_DAYS, today - principal.learntDay);
    principal.learntDay = today;
  }

  /** Days with calls off hours of a kind that is as rare or rarer. */
  #asRare(kind: number): number {
    const own = this.offDays[kind] as number;
    return this.offDays.reduce((sum, days) => (days <= own ? sum + days : sum), 0);
  }
}

export const newPrincipal = (firstMs: number): Principal => ({
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

const clock = (timeMs: number) => new Date(timeMs).toISOString().slice(11, 16);
