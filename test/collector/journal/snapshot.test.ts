import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSnapshot, writeSnapshot } from '../../../collector/journal/snapshot.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-snapshot-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const snapshot = {
  position: { segment: 12, offset: 345 },
  state: '{"text":"ä\\n😀"}\n',
  seenIds: Buffer.from([0, 10, 255, 13, 10, 0, 1, 2]),
};

test('a snapshot is read as it was written, and the newer replaces the older', async () => {
  await writeSnapshot(directory, { ...snapshot, state: '{}' });
  await writeSnapshot(directory, snapshot);
  expect(await readSnapshot(directory)).toEqual(snapshot);
});

test('without a snapshot there is none', async () => {
  expect(await readSnapshot(directory)).toBeUndefined();
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

test('a disk that is full leaves the older snapshot as it was', async () => {
  await writeSnapshot(directory, snapshot);
  symlinkSync('/dev/full', join(directory, 'snapshot.draft'));
  await expect(writeSnapshot(directory, { ...snapshot, state: '{}' })).rejects.toThrow(/ENOSPC/);
  expect(await readSnapshot(directory)).toEqual(snapshot);
});
