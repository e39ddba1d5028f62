import { expect, test } from 'vitest';
import { Passages } from '../../../../collector/process/detect/poisoning/passages.ts';
import { SessionMemory } from '../../../../collector/process/detect/session-memory.ts';
import { Fingerprints } from '../../../../collector/process/detect/taint/fingerprints.ts';

function filled(count: number): Fingerprints {
  const fingerprints = new Fingerprints();
  for (let i = 1; i <= count; i++) fingerprints.add(Math.imul(i, 0x9e3779b1) >>> 0, 3);
  return fingerprints;
}

test('sessions that were quiet for longest are forgotten when all together hold too much, and counted', () => {
  const memory = new SessionMemory(100_000);
  const sessions = Array.from({ length: 100 }, () => filled(300));
  for (const session of sessions) memory.note(session);
  memory.note(sessions[99]!);
  expect(memory.bytes).toBeLessThanOrEqual(100_000);
  expect(memory.evicted).toBeGreaterThan(50);
  expect(sessions[0]!.find(0x9e3779b1)).toBeUndefined();
  expect(sessions[99]!.find(0x9e3779b1)).toBe(3);
  for (const session of sessions) memory.release(session);
  expect(memory.bytes).toBe(0);
});

test('what a session is given after it was forgotten counts again', () => {
  const session = filled(100);
  session.forget();
  session.add(0xabcdef12, 7);
  expect(session.find(0xabcdef12)).toBe(7);
});

test('a session holds at most 32 KiB of each kind, however much it is given', () => {
  const fingerprints = filled(100_000);
  expect(fingerprints.bytes).toBeLessThan(32 * 1024);
  const passages = new Passages();
  const words = Uint32Array.from({ length: 4_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  for (let i = 0; i < 4_000; i++) {
    passages.add(2, 1, i, 0, i, words, i % 3_000, (i % 3_000) + 40);
    passages.name(words[i]!, i);
  }
  expect(passages.bytes).toBeLessThan(32 * 1024);
  expect(passages.count - passages.oldest).toBe(128);
});

test('the newest fingerprints stay when the oldest make room', () => {
  const fingerprints = filled(10_000);
  expect(fingerprints.find(Math.imul(10_000, 0x9e3779b1) >>> 0)).toBe(3);
  expect(fingerprints.forgotten).toBeGreaterThan(5_000);
});
