import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CommitWatch } from '../../../collector/journal/commit-watch.ts';

test('a commit that takes longer than its limit is told of, again each time, until it ends', async () => {
  let told = 0;
  const watch = new CommitWatch(20, () => told++);
  watch.begin();
  expect(watch.stalled).toBe(false);
  while (told < 3) await sleep(5);
  expect(watch.stalled).toBe(true);
  expect(watch.end()).toBe(true);
  expect(watch.stalled).toBe(false);
  const after = told;
  await sleep(60);
  expect(told).toBe(after);
});

test('commits in time are not told of', async () => {
  let told = 0;
  const watch = new CommitWatch(200, () => told++);
  for (let i = 0; i < 5; i++) {
    watch.begin();
    expect(watch.end()).toBe(false);
  }
  await sleep(250);
  expect(told).toBe(0);
});
