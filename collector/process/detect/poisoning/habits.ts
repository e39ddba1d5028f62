/**
 * How often what looks like poisoning happens without any: how often a tool's free text is new, and how often a tool
 * takes an argument out of such a text. Both as shares with a backing: a tool of which little is known is taken for its
 * session type, and that for all.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from '../bounded.ts';

const COUNTED = 4_096;
/** Observations that the more general share is worth. */
const BACKING = 4;
/** What was never seen may still happen: Krichevsky and Trofimov's half. */
const EITHER = 0.5;
/** With nothing known, either is an even chance. */
const UNKNOWN = 0.5;

interface Count {
  times: number;
  of: number;
}

const savedCheck = Compile(Type.Array(Type.Tuple([Type.String(), Type.Number(), Type.Number()])));

export class Share {
  readonly #counts = new Bounded<Count>(COUNTED);

  get evicted(): number {
    return this.#counts.evicted;
  }

  /** Counts `times` in `of` for each of the keys, from the most general to the most special. */
  add(keys: readonly string[], times: number, of: number): void {
    for (const key of keys) {
      const count = this.#counts.use(key, () => ({ times: 0, of: 0 }));
      count.times += times;
      count.of += of;
    }
  }

  /** Never 0 or 1. */
  of(keys: readonly string[]): number {
    let share = UNKNOWN;
    for (const key of keys) {
      const count = this.#counts.get(key);
      if (count) share = (count.times + EITHER + BACKING * share) / (count.of + 2 * EITHER + BACKING);
    }
    return share;
  }

  /** How surprising it is, in bits. */
  bits(keys: readonly string[]): number {
    return -Math.log2(this.of(keys));
  }

  snapshot(): unknown {
    return [...this.#counts.entries()].map(([key, { times, of }]) => [key, times, of]);
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const [key, times, of] of saved) this.#counts.use(key, () => ({ times, of }));
    return true;
  }
}
