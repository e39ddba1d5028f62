/** Chance that comes out the same for the same seed. */
import { createHash } from 'node:crypto';

export interface Random {
  /** At least 0, below 1. */
  readonly fraction: () => number;
  readonly between: (low: number, high: number) => number;
  readonly pick: <T>(of: readonly T[]) => T;
  /** True with this probability. */
  readonly chance: (probability: number) => boolean;
}

/** A stream for a seed and a purpose: another purpose draws other numbers, so one more draw here changes none there. */
export function random(seed: number, purpose: string): Random {
  // mulberry32: 32 bits of state, good enough to make traffic look uneven.
  let state = createHash('sha256').update(`${seed} ${purpose}`).digest().readUInt32LE();
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    between: (low, high) => low + fraction() * (high - low),
    pick: (of) => of[Math.floor(fraction() * of.length)]!,
    chance: (probability) => fraction() < probability,
  };
}
