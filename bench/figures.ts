/** What is measured, and the arithmetic on it: the median of the rounds, and ratios of what the same round measured. */

/** One line of the table. */
export interface Figure {
  /** What was measured, such as `JSON × 100, durable`. */
  readonly name: string;
  readonly unit: string;
  /** One value a round. */
  readonly rounds: readonly number[];
  /** The figure in terms of what else the same rounds measured, by a name that reads as a unit, such as `× raw`. */
  readonly ratios?: Readonly<Record<string, number>>;
  readonly demand?: Demand;
}

/** What a figure should be. */
export interface Demand {
  readonly text: string;
  readonly met: boolean;
}

/** The middle value; the mean of the two middle ones when there are two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
}

/** The value at or below which a share of the values lies, by nearest rank; `share` above 0 up to 1. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('there is no quantile of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/**
 * Median of the rounds' ratios. Rounds are compared one by one, since a machine that others use too slows both sides
 * of a round, and seldom all rounds alike.
 */
export function ratio(above: readonly number[], below: readonly number[]): number {
  if (above.length !== below.length) throw new RangeError('a ratio needs both sides of each round');
  return median(above.map((value, round) => value / below[round]!));
}

export const atMost = (value: number, limit: number, of: string): Demand => ({
  text: `≤ ${limit} ${of}`,
  met: value <= limit,
});

export const atLeast = (value: number, limit: number, of: string): Demand => ({
  text: `≥ ${limit} ${of}`,
  met: value >= limit,
});

/** Three digits that matter: `0.0123`, `1.86`, `35,200`. */
export function readable(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Math.abs(value) >= 1_000 ? Number(value.toPrecision(3)) : value;
  return rounded.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
