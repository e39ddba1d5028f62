import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { giveBackMemory } from '../../../collector/audit/give-back.ts';

const MIB = 2 ** 20;

/** Objects that only its caller holds, in the old generation, where garbage lies for long. */
async function much(): Promise<object[]> {
  const objects = Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
  await giveBackMemory();
  return objects;
}

test('what nobody holds any more is gone, and its memory with it', async () => {
  const held = [await much()];
  const seen = new WeakRef(held[0]!);
  const before = process.memoryUsage.rss();
  held.pop();
  await nextTurn();
  expect(seen.deref() === undefined).toBe(false);
  await nextTurn();
  await giveBackMemory();
  expect(seen.deref() === undefined).toBe(true);
  expect(process.memoryUsage.rss()).toBeLessThan(before - 10 * MIB);
});
