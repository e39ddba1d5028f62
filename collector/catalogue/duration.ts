/** Prometheus durations as numbers. */
import type { Duration } from './promql.ts';

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const pattern = /^(\d+)(ms|s|m|h|d|w)$/;

/** Whether a text is one number and one unit, such as `90s`, and longer than nothing. */
export const isDuration = (text: unknown): text is Duration =>
  typeof text === 'string' && Number(pattern.exec(text)?.[1]) > 0;

/** The length of a duration in seconds. */
export function secondsOf(duration: Duration): number {
  const [, number, unit] = pattern.exec(duration) ?? [];
  if (!unit)
    throw new Error(`"${duration}" is not a duration: write a whole number and one of ms, s, m, h, d, w`);
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}
