/**
 * How long sessions of one type last, or how many calls they make: the last few hundred, on a logarithmic scale.
 *
 * A session is long above 3.5 robust deviations (median and MAD; Iglewicz and Hoaglin 1993) and above three times the 99th
 * percentile: either alone is everyday in heavy tails.
 */
const MAXIMUM_VALUES = 300;
const MINIMUM_VALUES = 50;
const DEVIATIONS = 3.5;
/** MAD to standard deviation of a normal distribution. */
const MAD_SCALE = 1.4826;
/** Types whose sessions are all alike still vary by a third. */
const MINIMUM_DEVIATION = 0.3;
const TIMES_P99 = 3;
/** Learnt values, and their share of all, before the distribution is looked at again. */
const REFRESH = 10;
const REFRESH_SHARE = 0.1;

export interface Limit {
  readonly above: number;
  readonly median: number;
  readonly p99: number;
  readonly sessions: number;
}

export class Lengths {
  readonly values: number[];
  #sinceLimit = 0;
  #limit: Limit | undefined;

  constructor(values: readonly number[] = []) {
    this.values = values.slice(-MAXIMUM_VALUES);
  }

  learn(value: number): void {
    this.values.push(value);
    if (this.values.length > MAXIMUM_VALUES) this.values.shift();
    this.#sinceLimit++;
  }

  /** Undefined while too few are known. */
  limit(): Limit | undefined {
    if (this.values.length < MINIMUM_VALUES) return undefined;
    if (this.#limit && this.#sinceLimit < Math.max(REFRESH, REFRESH_SHARE * this.values.length))
      return this.#limit;
    this.#sinceLimit = 0;
    const sorted = this.values.toSorted((a, b) => a - b);
    const logs = sorted.map((value) => Math.log1p(value));
    const median = middle(logs);
    const mad = middle(logs.map((log) => Math.abs(log - median)).sort((a, b) => a - b));
    const p99 = sorted[Math.floor(0.99 * (sorted.length - 1))] as number;
    const unusual = Math.expm1(median + DEVIATIONS * Math.max(MINIMUM_DEVIATION, MAD_SCALE * mad));
    this.#limit = {
      above: Math.max(unusual, TIMES_P99 * p99),
      median: Math.expm1(median),
      p99,
      sessions: sorted.length,
    };
    return this.#limit;
  }
}

const middle = (sorted: readonly number[]) => sorted[sorted.length >>> 1] as number;
