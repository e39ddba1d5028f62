import { expect, test } from 'vitest';
import { SeenIds } from '../../../collector/receive/dedupe.ts';

const seed = Buffer.from('0123456789abcdef');

test('an id is known from its first addition on', () => {
  const seen = new SeenIds(10, seed);
  expect(seen.has('a')).toBe(false);
  expect(seen.add('a')).toBe('added');
  expect(seen.has('a')).toBe(true);
  expect(seen.add('a')).toBe('known');
  expect(seen.size).toBe(1);
});

test('the oldest id goes for a new one, and a repeated one does not count', () => {
  const seen = new SeenIds(3, seed);
  for (const id of ['a', 'b', 'c', 'a']) seen.add(id);
  expect(seen.add('d')).toBe('evicted');
  expect(['a', 'b', 'c', 'd'].map((id) => seen.has(id))).toEqual([false, true, true, true]);
});

test('over many rounds it knows exactly the newest ids, like a list would', () => {
  const limit = 5_000;
  const seen = new SeenIds(limit, seed);
  const list = new Set<string>();
  for (let i = 0; i < 40_000; i++) {
    // Every third id repeats one of the last 7,500, of which some are known and some forgotten.
    const id = i % 3 === 0 ? `id-${Math.max(0, i - ((i * 7_919) % 7_500))}` : `id-${i}`;
    if ((seen.add(id) === 'known') !== list.has(id)) expect.fail(`${id} after ${i} additions`);
    list.add(id);
    if (list.size > limit) list.delete(list.keys().next().value!);
  }
  expect(seen.size).toBe(limit);
});

test('a million ids that differ in one place are told apart', () => {
  const seen = new SeenIds(1_000_000, seed);
  for (let i = 0; i < 1_000_000; i++) seen.add(`session-00-event-${i}`);
  expect(seen.size).toBe(1_000_000);
});

test('a dump holds the ids in their order', () => {
  const seen = new SeenIds(4, seed);
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) seen.add(id);
  const restored = new SeenIds(4, seed);
  restored.load(seen.dump());
  expect(restored.dump()).toEqual(seen.dump());
  restored.add('g');
  expect(['b', 'c', 'd', 'e', 'f', 'g'].map((id) => restored.has(id))).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

test('a dump that is larger than a lowered limit keeps the newest', () => {
  const seen = new SeenIds(100, seed);
  for (let i = 0; i < 100; i++) seen.add(`id-${i}`);
  const restored = new SeenIds(10, seed);
  restored.load(seen.dump());
  expect([restored.size, restored.has('id-89'), restored.has('id-90')]).toEqual([10, false, true]);
});
