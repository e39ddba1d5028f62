/** Kubernetes quantities as numbers. */
import type { Bytes } from './config.ts';

const UNITS = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 } as const;
const pattern = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti)$/;

/** A quantity of bytes. Throws a sentence when it is none. */
export function bytes(quantity: Bytes): number {
  const [, number, unit] = pattern.exec(quantity) ?? [];
  if (!unit) {
    const units = Object.keys(UNITS).join(', ');
    throw new Error(
      `stack.config.ts: "${quantity}" is not a number with one of the units ${units}; write it like 10Gi`,
    );
  }
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}
