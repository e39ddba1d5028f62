import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type NewSnapshot, readSnapshot, writeSnapshot } from '../../../collector/journal/snapshot.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-snapshot-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const snapshot: NewSnapshot = {
  position: { segment: 12, offset: 345 },
  parts: [
    ['text', '"ä\\n😀"'],
    ['sessions', '{"open":[],"ended":[],"peaks":[["chat",3]]}'],
    ['sessions.open', '[1,2]'],
    ['__proto__', '{"harmless":true}'],
    ['sessions.open', '[3]'],
  ],
  seenIds: Buffer.from([0, 10, 255, 13, 10, 0, 1, 2]),
};

test('a snapshot is read as it was written, and the newer replaces the older', async () => {
  await writeSnapshot(directory, { ...snapshot, parts: [] });
  expect((await readSnapshot(directory))?.state).toEqual({});
  await writeSnapshot(directory, snapshot);
  const { state, position, seenIds } = (await readSnapshot(directory))!;
  expect({ position, seenIds }).toEqual({ position: snapshot.position, seenIds: snapshot.seenIds });
  expect(state.text).toBe('ä\n😀');
  expect(state.sessions).toEqual({ open: [1, 2, 3], ended: [], peaks: [['chat', 3]] });
  expect(Object.keys(state)).toContain('__proto__');
});

test('without a snapshot there is none', async () => {
  expect(await readSnapshot(directory)).toBeUndefined();
});

test('parts are asked for one by one, and others have their turn between them', async () => {
  let turns = 0;
  const turning = setInterval(() => turns++, 0);
  const seen: number[] = [];
  const parts = (function* () {
    for (let i = 0; i < 200; i++) {
      seen.push(turns);
      yield ['text', '"x"'] as const;
    }
  })();
  await writeSnapshot(directory, { ...snapshot, parts });
  clearInterval(turning);
  expect(seen.at(-1)).toBeGreaterThan(seen[0]!);
});

test('a snapshot with any byte changed, or cut short, is not used', async () => {
  await writeSnapshot(directory, snapshot);
  const file = join(directory, 'snapshot');
  const sound = readFileSync(file);
  for (let at = 0; at < sound.length; at++) {
    const damaged = Buffer.from(sound);
    damaged[at]! ^= 1;
    writeFileSync(file, damaged);
    await expect(readSnapshot(directory)).rejects.toThrow(`${file} is damaged`);
    writeFileSync(file, sound.subarray(0, at));
    await expect(readSnapshot(directory)).rejects.toThrow(`${file} is damaged`);
  }
});

test('a disk that is full, or a part that cannot be made, leaves the older snapshot as it was', async () => {
  await writeSnapshot(directory, snapshot);
  const before = await readSnapshot(directory);
  const broken = (function* () {
    yield ['text', '""'] as const;
    throw new Error('no more');
  })();
  await expect(writeSnapshot(directory, { ...snapshot, parts: broken })).rejects.toThrow('no more');
  expect(await readSnapshot(directory)).toEqual(before);
  expect(readdirSync(directory)).toEqual(['snapshot']);
  symlinkSync('/dev/full', join(directory, 'snapshot.draft'));
  await expect(writeSnapshot(directory, { ...snapshot, parts: [] })).rejects.toThrow(/ENOSPC/);
  expect(await readSnapshot(directory)).toEqual(before);
});
