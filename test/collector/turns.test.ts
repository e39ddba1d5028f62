import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../collector/turns.ts';

const BITS = 100;

/** How many turns others have while a hundred bits of half a millisecond are done, and what a turn waits for at most. */
async function beside(othersMs: number): Promise<{ turns: number; longestMs: number }> {
  let nowMs = 0;
  let done = false;
  let turns = 0;
  let longestMs = 0;
  let ofTurnMs = 0;
  const others = (async () => {
    for (; !done; turns++) {
      nowMs += othersMs;
      longestMs = Math.max(longestMs, ofTurnMs);
      ofTurnMs = 0;
      await nextTurn();
    }
  })();
  const work = new Turns(() => nowMs);
  for (let bit = 0; bit < BITS; bit++) {
    nowMs += 0.5;
    ofTurnMs += 0.5;
    await work.next();
  }
  done = true;
  await others;
  return { turns, longestMs };
}

test('who has nothing else to do has a turn after every bit', async () => {
  const { turns, longestMs } = await beside(0);
  expect(turns).toBeGreaterThanOrEqual(BITS);
  expect(longestMs).toBe(0.5);
});

test('the longer others take, the fewer turns it costs, and none waits for more than 5 ms', async () => {
  const busy = await beside(20);
  expect(busy.turns).toBeLessThan(BITS / 3);
  expect(busy.longestMs).toBeLessThanOrEqual(3);
  const flooded = await beside(100);
  expect(flooded.turns).toBeLessThan(BITS / 7);
  expect(flooded.longestMs).toBeLessThan(5);
});
