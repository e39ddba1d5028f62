/** Durations and sizes as the configuration writes them, in seconds and bytes. */
import type { Duration } from '../collector/catalogue/promql.ts';
import type { Bytes } from './config.ts';

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const BYTES = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 } as const;

function parse<U extends string>(text: string, units: Readonly<Record<U, number>>, example: string): number {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text);
  const unit = match?.[2];
  if (!match || !unit || !Object.hasOwn(units, unit)) {
    throw new Error(
      `stack.config.ts: "${text}" is not a number with one of the units ${Object.keys(units).join(', ')}; write it like ${example}`,
    );
  }
  return Number(match[1]) * units[unit as U];
}

export const seconds = (duration: Duration): number => parse(duration, SECONDS, '30s');
export const bytes = (quantity: Bytes): number => parse(quantity, BYTES, '10Gi');
