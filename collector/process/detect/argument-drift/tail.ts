/** How unusual a number is among those known: their tail, empirical up to its 90th percentile and exponential beyond. */
import type { Feature } from './features.ts';

const TAIL = 0.1;
const LEAST_P = 1e-5;

export interface Tail {
  readonly sorted: Float32Array;
  readonly from: number;
  readonly usual: number;
  readonly scale: number;
}

export function tailFrom(values: Float32Array, { usual, scale }: Feature): Tail {
  const sorted = values.sort();
  const begins = Math.floor((1 - TAIL) * sorted.length);
  const from = sorted[begins] as number;
  let excess = 0;
  for (let i = begins; i < sorted.length; i++) excess += (sorted[i] as number) - from;
  return {
    sorted,
    from,
    usual: Math.max(usual, from),
    scale: Math.max(scale, excess / (sorted.length - begins)),
  };
}

/** Chance of a value as high or higher. */
export function tailOf({ sorted, from, usual, scale }: Tail, value: number): number {
  if (value > usual) return Math.max(LEAST_P, TAIL * Math.exp((usual - value) / scale));
  if (value > from) return TAIL;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return (sorted.length - low + 1) / (sorted.length + 1);
}

export const medianOf = ({ sorted }: Tail): number => sorted[sorted.length >>> 1] as number;
