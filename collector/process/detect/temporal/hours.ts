/**
 * When a principal is usually active: active quarter-hours by hour of the week, in UTC.
 *
 * No zone is asked for. A principal's own day begins in the middle of its quietest eight hours, which puts Friday evening
 * in California on a Friday although UTC says Saturday. An hour is judged by how far it is behind the last and ahead
 * of the next hour that is the principal's own: a change to or from daylight saving moves it by one, which is never unusual.
 */
import Type, { type Static } from 'typebox';

const HOUR_MS = 3_600_000;
export const QUARTER_MS = HOUR_MS / 4;
const DAY_MS = 24 * HOUR_MS;
const HOURS_OF_WEEK = 168;
/** The first of January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 3;
/** Share of all activity that makes an hour of the day a principal's own. */
const OWN_SHARE = 0.005;
const QUIET_HOURS = 8;

/** What a profile must show before hours can be unusual: fewer say too little, others are no office hours. */
const MINIMUM_QUARTERS = 120;
const MINIMUM_DAYS = 14;
/** Hours in a row in which it is never active: less is no night. */
const MINIMUM_NIGHT = 8;
/** Hours of the day with at least 3 % each: a batch job has one or two, and is moved for good reasons. */
const MINIMUM_HOURS = 5;
/** Share of all activity below which a weekday is seldom worked on; a fifth is usual. */
const SELDOM = 0.07;
/** Weeks after which a weekday without activity is a day of rest. */
const MINIMUM_WEEKS = 4;

const count = Type.Integer({ minimum: 0 });
export const savedHoursSchema = Type.Object({
  week: Type.Array(count),
  firstMs: Type.Number(),
  lastQuarter: Type.Number(),
  peak: count,
});

interface Summary {
  /** Of each hour of the day, the hours since the last own one and until the next; 0 for an own one. */
  readonly since: readonly number[];
  readonly until: readonly number[];
  readonly dayBegins: number;
  readonly hasNights: boolean;
  /** Weekdays of its own on which it was never active; none where some weekday is seldom but now and then. */
  readonly rest: readonly boolean[];
  readonly atTotal: number;
}

export class Hours {
  readonly #week = new Uint16Array(HOURS_OF_WEEK);
  #total = 0;
  #firstMs: number;
  #lastQuarter = Number.NEGATIVE_INFINITY;
  #summary: Summary | undefined;
  /** Most calls in an hour, and the hour being counted. */
  #peak = 0;
  #hour = 0;
  #hourCalls = 0;

  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  get quarters(): number {
    return this.#total;
  }

  /** Most calls learnt in one hour. */
  get peak(): number {
    return Math.max(this.#peak, this.#hourCalls);
  }

  learn(quarter: number, calls: number): void {
    const timeMs = quarter * QUARTER_MS;
    this.#firstMs = Math.min(this.#firstMs, timeMs);
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour === this.#hour) this.#hourCalls += calls;
    else {
      this.#peak = this.peak;
      this.#hour = hour;
      this.#hourCalls = calls;
    }
    if (quarter <= this.#lastQuarter) return;
    this.#lastQuarter = quarter;
    const cell = hourOfWeek(timeMs);
    this.#week[cell] = (this.#week[cell] as number) + 1;
    this.#total++;
    if ((this.#week[cell] as number) >= 2_000) this.#age();
  }

  daysAt(timeMs: number): number {
    return (timeMs - this.#firstMs) / DAY_MS;
  }

  /** Whether hours can be unusual for this principal at all. */
  isTelling(timeMs: number): boolean {
    return (
      this.#total >= MINIMUM_QUARTERS &&
      this.daysAt(timeMs) >= MINIMUM_DAYS &&
      this.#summarise(timeMs).hasNights
    );
  }

  /** Hours since the last hour of the day in which it is usually active. */
  sinceOwn(timeMs: number): number {
    return this.#summarise(timeMs).since[hourOfDay(timeMs)] as number;
  }

  /** Hours until the next. */
  untilOwn(timeMs: number): number {
    return this.#summarise(timeMs).until[hourOfDay(timeMs)] as number;
  }

  /** Quarter-hours seen within two hours of this hour of the day. */
  seenAround(timeMs: number): number {
    let seen = 0;
    for (let offset = -2; offset <= 2; offset++)
      for (let day = 0; day < 7; day++)
        seen += this.#week[day * 24 + ((hourOfDay(timeMs) + offset + 24) % 24)] as number;
    return seen;
  }

  /** Whether its own weekday has no activity in weeks. */
  isRestDay(timeMs: number): boolean {
    return this.#summarise(timeMs).rest[
      weekdayOf(timeMs - this.#summarise(timeMs).dayBegins * HOUR_MS)
    ] as boolean;
  }

  /** Number of its own day since the epoch. */
  ownDay(timeMs: number): number {
    return Math.floor((timeMs - this.#summarise(timeMs).dayBegins * HOUR_MS) / DAY_MS);
  }

  snapshot(): Static<typeof savedHoursSchema> {
    return {
      week: [...this.#week],
      firstMs: this.#firstMs,
      lastQuarter: Number.isFinite(this.#lastQuarter) ? this.#lastQuarter : 0,
      peak: this.peak,
    };
  }

  restore(saved: Static<typeof savedHoursSchema>): void {
    this.#week.set(saved.week.slice(0, HOURS_OF_WEEK));
    this.#total = this.#week.reduce((sum, quarters) => sum + quarters, 0);
    this.#firstMs = saved.firstMs;
    this.#lastQuarter = saved.lastQuarter;
    this.#peak = saved.peak;
  }

  /** Halves all counts, so that old habits fade. */
  #age(): void {
    this.#total = 0;
    for (let i = 0; i < HOURS_OF_WEEK; i++) {
      this.#week[i] = (this.#week[i] as number) >>> 1;
      this.#total += this.#week[i] as number;
    }
  }

  /** Made anew once a tenth of it is new. */
  #summarise(nowMs: number): Summary {
    if (
      this.#summary &&
      this.#total <= this.#summary.atTotal * 1.1 &&
      this.#total >= this.#summary.atTotal / 2
    )
      return this.#summary;
    const hours = Array.from({ length: 24 }, (_, hour) => {
      let quarters = 0;
      for (let day = 0; day < 7; day++) quarters += this.#week[day * 24 + hour] as number;
      return quarters;
    });
    const within = (hour: number, length: number) => {
      let quarters = 0;
      for (let i = 0; i < length; i++) quarters += hours[(hour + i) % 24] as number;
      return quarters;
    };
    const total = Math.max(1, this.#total);
    const all = hours.map((_, hour) => hour);
    const quietest = all.reduce((best, hour) =>
      within(hour, QUIET_HOURS) < within(best, QUIET_HOURS) ? hour : best,
    );
    const dayBegins = (quietest + QUIET_HOURS / 2) % 24;
    const days = Array<number>(7).fill(0);
    for (let cell = 0; cell < HOURS_OF_WEEK; cell++) {
      const day = Math.floor(((cell - dayBegins + HOURS_OF_WEEK) % HOURS_OF_WEEK) / 24);
      days[day] = (days[day] as number) + (this.#week[cell] as number);
    }
    const seldom = days.some((quarters) => quarters > 0 && quarters < SELDOM * total);
    const knowsRest = this.daysAt(nowMs) >= MINIMUM_WEEKS * 7 && !seldom;
    const own = hours.map((quarters) => quarters >= Math.max(2, OWN_SHARE * total));
    this.#summary = {
      since: all.map((hour) => steps(own, hour, 23)),
      until: all.map((hour) => steps(own, hour, 1)),
      dayBegins,
      hasNights:
        all.some((hour) => steps(own, hour, 1) >= MINIMUM_NIGHT) &&
        hours.filter((quarters) => quarters >= 0.03 * total).length >= MINIMUM_HOURS,
      rest: days.map((quarters) => knowsRest && quarters === 0),
      atTotal: this.#total,
    };
    return this.#summary;
  }
}

/** Steps from an hour of the day to the nearest own one. */
function steps(own: readonly boolean[], hour: number, step: number): number {
  for (let taken = 0; taken < 24; taken++) if (own[(hour + taken * step) % 24]) return taken;
  return 24;
}

const hourOfDay = (timeMs: number) => Math.floor(timeMs / HOUR_MS) % 24;
const weekdayOf = (timeMs: number) => (Math.floor(timeMs / DAY_MS) + EPOCH_WEEKDAY) % 7;
const hourOfWeek = (timeMs: number) => weekdayOf(timeMs) * 24 + hourOfDay(timeMs);
