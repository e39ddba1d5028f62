/**
 * Off-hours use: one day on which somebody uses a principal's access outside its own hours, in months of simulated work.
 *
 * Office workers of seven zones with their clock changes (half of the simulations run over a spring, half over an autumn),
 * each with hours and a jitter of their own. Stressors: overtime, early starts, evening check-ins after dinner, rare work at
 * weekends, holidays, days off; and principals whose hours mean nothing or little: agents around the clock, nightly batch
 * jobs that are now and then run again by day, night shifts. The intruder comes on any day, at
 * any hour in which the principal itself is active on fewer than one in 500 such days, as if of another zone: no overtime,
 * early start, evening check-in or weekend worker's weekend falls into it.
 */
import { type Random, random } from '../../run/replay/random.ts';
import type { EvalSession } from '../session.ts';
import { DAY_MS, HOUR_MS, times } from './simulated.ts';

const OFFICE = 170;
const NIGHT_SHIFT = 30;
const AROUND_THE_CLOCK = 15;
const BATCH = 15;
const DAYS = 90;
/** Few are intruded, or intruders would be what is usual. */
const ONE_INTRUDED_IN = 8;
/** Days at the end of which what is said is judged. */
export const JUDGED_DAYS = 30;

const LONGEST_OVERTIME_HOURS = 4;
const EARLY_START_HOURS = 2;

const zones = [
  'America/Los_Angeles',
  'America/New_York',
  'Europe/London',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Sydney',
];
/** Both halves of the world change their clocks within either. */
const starts = [Date.UTC(2026, 0, 19), Date.UTC(2026, 7, 17)];

export interface OffHoursTraffic {
  readonly sessions: readonly EvalSession[];
  readonly judgedFromMs: number;
  /** Intruders' sessions, one an intruded principal. */
  readonly intrusions: readonly {
    readonly session: string;
    readonly hour: number;
    readonly weekend: boolean;
  }[];
}

interface Worker {
  readonly user: string;
  readonly zone: string;
  /** Local, in hours since midnight. */
  readonly begins: number;
  readonly works: number;
  readonly overtime: number;
  readonly evenings: number;
  readonly weekends: number;
}

export function offHours(seed: number): OffHoursTraffic {
  const chance = random(seed, 'off hours');
  const startMs = starts[seed % 2]!;
  const judgedFromMs = startMs + (DAYS - JUDGED_DAYS) * DAY_MS;
  const workers = [
    ...times(OFFICE, (i) => worker(`office ${i}`, chance.between(7.5, 10), chance)),
    ...times(NIGHT_SHIFT, (i) => ({
      ...worker(`night ${i}`, 21 + chance.between(0, 1.5), chance),
      evenings: 0,
    })),
  ];
  const work = workers.flatMap((of) => workOf(of, startMs, chance));
  const intrusions = workers
    .filter((_, i) => i % ONE_INTRUDED_IN === 0)
    .map((of) => intrusionOf(of, judgedFromMs, chance));
  const sessions = [...work, ...others(startMs, chance), ...intrusions.map(({ session }) => session)];
  return {
    sessions,
    judgedFromMs,
    intrusions: intrusions.map(({ session, hour, weekend }) => ({ session: session.id, hour, weekend })),
  };
}

/** A principal's day, by UTC: what is counted. */
export const dayOf = ({ user, calls }: EvalSession): string =>
  `${user} ${Math.floor(calls[0]!.atMs! / DAY_MS)}`;

function worker(user: string, begins: number, chance: Random): Worker {
  return {
    user,
    zone: chance.pick(zones),
    begins,
    works: chance.between(7.5, 9.5),
    overtime: chance.between(0, 0.15),
    evenings: chance.chance(0.3) ? chance.between(0.02, 0.1) : 0,
    weekends: chance.chance(0.2) ? 0.03 : 0,
  };
}

function workOf(of: Worker, startMs: number, chance: Random): EvalSession[] {
  const holidayFrom = Math.floor(chance.between(0, DAYS));
  const holidays = chance.chance(0.5) ? 14 : 0;
  return times(DAYS, (day) => {
    const midnightMs = localMidnight(startMs + day * DAY_MS, of.zone);
    const weekday = new Date(startMs + day * DAY_MS).getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    if (day >= holidayFrom && day < holidayFrom + holidays) return [];
    if (chance.chance(weekend ? 1 - of.weekends : 0.04)) return [];
    const from = of.begins + normal(chance) * 0.4 - (chance.chance(0.03) ? EARLY_START_HOURS : 0);
    const length = weekend
      ? 3
      : of.works + (chance.chance(of.overtime) ? chance.between(1, LONGEST_OVERTIME_HOURS) : 0);
    const hours = times(Math.round(length * chance.between(0.7, 1.3)), () =>
      chance.between(from, from + length),
    );
    if (!weekend && chance.chance(of.evenings)) {
      const evening = chance.between(20, 22);
      hours.push(evening, evening + 0.2, evening + 0.4);
    }
    return hours.map((hour, i) =>
      work(
        `${of.user} day ${day} session ${i}`,
        of.user,
        midnightMs + hour * HOUR_MS,
        1 + Math.floor(chance.between(0, 4)),
        chance,
      ),
    );
  }).flat();
}

function others(startMs: number, chance: Random): EvalSession[] {
  const around = times(AROUND_THE_CLOCK, (i) =>
    times(DAYS * 8, (n) =>
      work(
        `around ${i} session ${n}`,
        `around ${i}`,
        startMs + (n / 8 + chance.fraction() / 8) * DAY_MS,
        3,
        chance,
      ),
    ),
  );
  const batch = times(BATCH, (i) => {
    const hour = chance.between(0, 6);
    const zone = chance.pick(zones);
    return times(DAYS, (day) => {
      const midnightMs = localMidnight(startMs + day * DAY_MS, zone);
      const runs = [hour, ...(chance.chance(0.03) ? [chance.between(9, 17)] : [])];
      return runs.flatMap((at, run) =>
        times(4, (n) =>
          work(
            `batch ${i} day ${day} run ${run} part ${n}`,
            `batch ${i}`,
            midnightMs + (at + n / 4) * HOUR_MS,
            6,
            chance,
          ),
        ),
      );
    }).flat();
  });
  return [...around, ...batch].flat();
}

function intrusionOf(
  of: Worker,
  judgedFromMs: number,
  chance: Random,
): { session: EvalSession; hour: number; weekend: boolean } {
  const draw = (): { dayMs: number; hour: number; weekend: boolean } => {
    const dayMs = judgedFromMs + Math.floor(chance.between(0, JUDGED_DAYS - 1)) * DAY_MS;
    const weekday = new Date(dayMs).getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    // A day is drawn first: by hours alone, half of all intrusions would be at weekends.
    if (weekend && of.weekends > 0) return draw();
    for (;;) {
      const hour = chance.between(0, 24);
      if (isOffHour(of, hour, weekend)) return { dayMs, hour, weekend };
    }
  };
  const { dayMs, hour, weekend } = draw();
  const session = work(
    `${of.user} intruded`,
    of.user,
    localMidnight(dayMs, of.zone) + hour * HOUR_MS,
    3 + Math.floor(chance.between(1, 9)),
    chance,
  );
  return { session: { ...session, label: 'hijacked' }, hour, weekend };
}

function isOffHour({ begins, works, evenings, weekends }: Worker, hour: number, weekend: boolean): boolean {
  if (weekend) return weekends === 0;
  const afterBegin = (hour - begins + 24) % 24;
  const mayCheckIn = evenings > 0 && hour >= 19 && hour < 23.5;
  return (
    afterBegin > works + LONGEST_OVERTIME_HOURS + 1 && afterBegin < 24 - EARLY_START_HOURS - 1 && !mayCheckIn
  );
}

function work(id: string, user: string, startMs: number, calls: number, chance: Random): EvalSession {
  let atMs = startMs;
  return {
    id,
    corpus: 'simulated',
    type: user.replace(/ \d+$/, ''),
    task: `simulated/${user}`,
    label: 'benign',
    user,
    calls: times(calls, (turn) => {
      atMs += chance.between(5_000, 120_000);
      return { turn, server: 'app', tool: 'get_record', args: { id: String(turn) }, atMs: Math.round(atMs) };
    }),
  };
}

const midnights = new Map<string, number>();

/** When the day begins in a zone whose calendar says what UTC's says at `utcMidnightMs`. */
function localMidnight(utcMidnightMs: number, timeZone: string): number {
  const key = `${utcMidnightMs} ${timeZone}`;
  const known = midnights.get(key);
  if (known !== undefined) return known;
  const noonMs = utcMidnightMs + DAY_MS / 2;
  const shown = new Date(noonMs).toLocaleString('sv-SE', { timeZone });
  const offsetMs = Date.parse(`${shown.replace(' ', 'T')}Z`) - noonMs;
  midnights.set(key, utcMidnightMs - offsetMs);
  return utcMidnightMs - offsetMs;
}

/** Box and Muller. */
const normal = ({ fraction }: Random) =>
  Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction());
