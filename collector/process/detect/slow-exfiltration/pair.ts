/** What one principal sends to one destination, by days. */
import Type, { type Static } from 'typebox';
import { Distinct } from './distinct.ts';

/** Days after its first use for which a destination is new to a principal. */
export const YOUNG_DAYS = 14;
const HISTORY_DAYS = 30;
const MINIMUM_HISTORY = 10;
/** Of the CUSUM on logarithms of daily volumes: what passes as usual, and the alarm; see the simulation of the same in the note. */
const SLACK = 0.5;
export const ALARM = 10;
const MINIMUM_DEVIATION = 0.5;
const MAD_SCALE = 1.4826;

const count = Type.Integer({ minimum: 0 });
export const savedPairSchema = Type.Object({
  firstDay: Type.Integer(),
  day: Type.Integer(),
  days: count,
  content: Type.String(),
  history: Type.Array(count),
  sum: Type.Number({ minimum: 0 }),
  peak: Type.Number({ minimum: 0 }),
  told: count,
});

export class Pair {
  readonly firstDay: number;
  day: number;
  /** Days on which something new was sent. */
  days = 1;
  /** Distinct content: of all days while young, of today later. */
  readonly content = new Distinct();
  /** Highest steadiness while young; see there. */
  peak = 0;
  /** Days when it was last told of. */
  told = 0;
  #history: number[] = [];
  #sum = 0;

  constructor(day: number) {
    this.firstDay = day;
    this.day = day;
  }

  isYoung(day: number): boolean {
    return day - this.firstDay < YOUNG_DAYS;
  }

  /** Fragments a day since the first, weighed by the cube of the share of days that had any. */
  get steadiness(): number {
    const since = this.day - this.firstDay + 1;
    return ((this.days / since) ** 3 * this.content.count) / since;
  }

  /** Begins a new day. */
  turn(day: number): void {
    if (day <= this.day) return;
    const grewUp = this.isYoung(this.day) && !this.isYoung(day);
    if (!this.isYoung(this.day)) {
      const today = this.content.count;
      this.#sum = this.cusum();
      this.#history.push(today);
      if (this.#history.length > HISTORY_DAYS) this.#history.shift();
    }
    if (!this.isYoung(day)) {
      this.content.clear();
      if (grewUp) this.told = 0;
    }
    this.day = day;
    this.days++;
  }

  /** Sum of what days were above their usual volume, in deviations of its logarithm; today included. */
  cusum(): number {
    if (this.#history.length < MINIMUM_HISTORY) return 0;
    const logs = this.#history.map((volume) => Math.log1p(volume)).sort((a, b) => a - b);
    const median = logs[logs.length >>> 1] as number;
    const deviations = logs.map((log) => Math.abs(log - median)).sort((a, b) => a - b);
    const deviation = Math.max(
      MINIMUM_DEVIATION,
      MAD_SCALE * (deviations[deviations.length >>> 1] as number),
    );
    return Math.max(0, this.#sum + (Math.log1p(this.content.count) - median) / deviation - SLACK);
  }

  get median(): number {
    return this.#history.toSorted((a, b) => a - b)[this.#history.length >>> 1] ?? 0;
  }

  snapshot(): Static<typeof savedPairSchema> {
    return {
      firstDay: this.firstDay,
      day: this.day,
      days: this.days,
      content: this.content.snapshot(),
      history: [...this.#history],
      sum: this.#sum,
      peak: this.peak,
      told: this.told,
    };
  }

  restore(saved: Static<typeof savedPairSchema>): void {
    this.day = saved.day;
    this.days = saved.days;
    this.content.restore(saved.content);
    this.#history = saved.history.slice(-HISTORY_DAYS);
    this.#sum = saved.sum;
    this.peak = saved.peak;
    this.told = saved.told;
  }
}
