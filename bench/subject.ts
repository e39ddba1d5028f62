/** What every subject is given, and the loop that all of them measure in. */
import type { Figure } from './figures.ts';
import type { Load } from './load/load.ts';

export interface Bench {
  readonly load: Load;
  readonly rounds: number;
  /** Share of the full amount of work in each round. */
  readonly scale: number;
  readonly progress: (text: string) => void;
}

export interface Subject {
  /** One line for the help and the progress. */
  readonly what: string;
  readonly measure: (bench: Bench) => Promise<Figure[]>;
}

export const scaled = ({ scale }: Bench, amount: number) => Math.max(1, Math.round(amount * scale));

/**
 * Runs every variant once in each round, one after the other, so that whatever else the machine does falls on all
 * alike; a first round warms up and is thrown away. The answer holds the rounds of each variant.
 */
export async function interleaved<K extends string, R>(
  { rounds, progress }: Bench,
  what: string,
  variants: Readonly<Record<K, () => Promise<R>>>,
): Promise<Record<K, R[]>> {
  const names = Object.keys(variants) as K[];
  const results = Object.fromEntries(names.map((name) => [name, [] as R[]])) as Record<K, R[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      progress(`${what}: ${name}, ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
      const result = await variants[name]();
      if (round > 0) results[name].push(result);
    }
  }
  return results;
}
