import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { readAround } from '../../../collector/journal/bad-sectors.ts';

const directory = mkdtempSync(join(tmpdir(), 'lookout-sectors-'));
afterAll(() => rmSync(directory, { recursive: true }));

const SECTOR = 4_096;
const BYTES = 5 * SECTOR;

/** A file of ones, some sectors of which the disk fails to read, as Linux tells it: first what stands before is read. */
async function fileWith(bad: readonly number[]) {
  const path = join(directory, 'file');
  writeFileSync(path, Buffer.alloc(BYTES, 1));
  const file = await open(path);
  const read = file.read.bind(file) as (...given: unknown[]) => unknown;
  vi.spyOn(file, 'read').mockImplementation((async (...given: unknown[]) => {
    const [buffer, offset, length, position] = given as [Buffer, number, number, number];
    const next = bad.find((sector) => position < sector + SECTOR && position + length > sector);
    if (next === undefined) return read(...given);
    if (next <= position) throw Object.assign(new Error('i/o error, read'), { code: 'EIO' });
    return read(buffer, offset, next - position, position);
  }) as never);
  return file;
}

test.each<[string, readonly number[]]>([
  ['none', []],
  ['the first', [0]],
  ['one in the middle', [2 * SECTOR]],
  ['two', [SECTOR, 3 * SECTOR]],
  ['the last', [4 * SECTOR]],
])('of sectors that cannot be read, %s, nothing else is lost', async (_which, bad) => {
  const file = await fileWith(bad);
  try {
    const told = vi.fn();
    const expected = Buffer.alloc(BYTES, 1);
    for (const sector of bad) expected.fill(0, sector, sector + SECTOR);
    expect((await readAround(file, 0, BYTES + 100, told)).equals(expected)).toBe(true);
    expect((await readAround(file, 10, BYTES - 10, told)).equals(expected.subarray(10))).toBe(true);
    expect(told).toHaveBeenCalledTimes(bad.length > 0 ? 2 : 0);
    expect(await readAround(file, BYTES + 10, 5, told)).toHaveLength(0);
  } finally {
    await file.close();
  }
});
