/** What is measured of a value, and how little of each is nothing unusual anywhere. */

export interface Feature {
  /** In a sentence: "unbroken token: 120 here, 9 in the median". */
  readonly name: string;
  /** Measured as the binary logarithm of one more. */
  readonly logarithmic: boolean;
  /** Features that look at the same family of changes share its part of the false alarms. */
  readonly shares: number;
  /** Where the tail begins at least, and its least scale: some arguments know less variety than language has. */
  readonly usual: number;
  readonly scale: number;
}

/** Floors are about the 90th percentile, and the mean excess over it, of 843 natural-language values of all recordings. */
export const FEATURES: readonly Feature[] = [
  { name: 'marks of code in 100 characters', logarithmic: true, shares: 1, usual: 1.2, scale: 0.35 },
  { name: 'longest unbroken token', logarithmic: true, shares: 2, usual: 0, scale: 0.3 },
  { name: 'changes of kind within a token', logarithmic: true, shares: 2, usual: 2, scale: 0.35 },
  { name: 'bits of surprise at its shape', logarithmic: false, shares: 2, usual: 0, scale: 0.3 },
  { name: 'bits of surprise at its oddest part', logarithmic: false, shares: 2, usual: 0, scale: 0.3 },
];

/** Marks of code, tokens, shapes. */
export const FAMILIES = 3;

/** A measured number as people count it. */
export const counted = (feature: number, value: number): number =>
  FEATURES[feature]?.logarithmic ? 2 ** value - 1 : value;
