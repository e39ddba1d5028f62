import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { Journal, type JournalOptions } from '../../../collector/journal/journal.ts';
import { encodeRecord } from '../../../collector/journal/record.ts';
import type { Damage } from '../../../collector/journal/segment.ts';
import { compressedName, segmentName } from '../../../collector/journal/segment-names.ts';
import { seeded } from '../../random.ts';

const RECORDS = 20;
const RECORDS_OF_A_SEGMENT = 5;
/** Of the bytes of a file that are tried one after the other. */
const EVERY = 3;
let directory: string;
let options: JournalOptions;
let journal: Journal;

const record = (id: number) =>
  encodeRecord({
    receivedMs: 1_795_339_815_000,
    sourceKind: 'native',
    events: [{ id: `e${id}`, time: '2026-11-21T09:30:15Z', kind: 'session_start', server: 's'.repeat(200) }],
  });

/** A journal of several segments, all but the newest compressed. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-damage-'));
  options = {
    directory,
    segmentBytes: RECORDS_OF_A_SEGMENT * record(0).length,
    retentionBytes: 1024 ** 3,
    retentionSeconds: 86_400,
    queueBytes: 1024 ** 2,
    instruments: createInstruments(collectorDefaults, Date.now),
    logger: pino({ level: 'silent' }),
  };
  journal = await Journal.open(options);
  for (let id = 0; id < RECORDS; id++) await journal.append(record(id), () => {});
  await vi.waitFor(() =>
    expect(readdirSync(directory).filter((name) => name.endsWith('.log'))).toHaveLength(1),
  );
});
afterEach(async () => {
  await journal.close();
  rmSync(directory, { recursive: true });
});

/** Events that are found, and what is told of the rest. */
async function read(): Promise<{ found: number; damage: Damage[] }> {
  const damage: Damage[] = [];
  let found = 0;
  for await (const { events } of journal.read(undefined, (_segment, part) => damage.push(part)))
    found += events.length;
  return { found, damage };
}
const corrupt = (damage: readonly Damage[]) => damage.filter(({ kind }) => kind === 'corrupt');

test('whichever byte of a compressed segment is wrong, and wherever it was cut, what is lost counts as corrupt', async () => {
  const file = join(directory, compressedName(1));
  const whole = readFileSync(file);
  const random = seeded(11);
  let losses = 0;
  for (let at = 0; at < whole.length; at += EVERY) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 1 << Math.floor(random() * 8);
    for (const bytes of [changed, whole.subarray(0, at)]) {
      writeFileSync(file, bytes);
      const { found, damage } = await read();
      if (found === RECORDS) continue;
      expect([at, bytes.length, corrupt(damage).length > 0]).toEqual([at, bytes.length, true]);
      losses++;
    }
  }
  console.log(`${losses} ways to lose something of a segment of ${whole.length} bytes`);
  expect(losses).toBeGreaterThan(whole.length / EVERY);
  writeFileSync(file, whole);
  expect(await read()).toEqual({ found: RECORDS, damage: [] });
});

test('a segment that is shorter than when the next was begun, or gone, counts as corrupt at the next start', async () => {
  await journal.close();
  const newest = readdirSync(directory).filter((name) => name.endsWith('.log'))[0]!;
  journal = await Journal.open(options);
  const bytes = readFileSync(join(directory, newest));
  // Cut behind a seal, where it looks whole.
  truncateSync(join(directory, newest), bytes.indexOf(record(RECORDS - 1)));
  const cut = await read();
  expect(cut.found).toBe(RECORDS - 1);
  expect(corrupt(cut.damage)).toHaveLength(1);
  writeFileSync(join(directory, newest), bytes);
  await journal.close();

  rmSync(join(directory, compressedName(2)));
  journal = await Journal.open(options);
  const gone = await read();
  expect(gone.found).toBeLessThan(RECORDS);
  expect(corrupt(gone.damage)).toHaveLength(1);
});

test('what a disk cannot read any more is lost alone, counts as corrupt, and keeps nothing from starting', async () => {
  await journal.close();
  journal = await Journal.open({ ...options, segmentBytes: 1024 ** 2 });
  for (let id = 0; id < 100; id++) await journal.append(record(id), () => {});
  const { segment } = journal.end;
  await journal.close();
  const files = await prototypeOfFiles();
  const { read: original } = files;
  const bad = [0, 8_192];
  const sized = readFileSync(join(directory, segmentName(segment))).length;
  vi.spyOn(files, 'read').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
    const [buffer, offset, length, position] = given as [Buffer, number, number, number];
    const { size } = await this.stat();
    if (size !== sized) return original.apply(this, given as never);
    const next = bad.find((sector) => position < sector + 4_096 && position + length > sector);
    if (next !== undefined && next <= position)
      throw Object.assign(new Error('i/o error, read'), { code: 'EIO' });
    // What stands before it is read, and nothing said of it.
    return original.apply(this, [
      buffer,
      offset,
      Math.min(length, (next ?? size) - position),
      position,
    ] as never);
  } as never);
  try {
    journal = await Journal.open(options);
    const { found, damage } = await read();
    expect(found).toBeLessThan(RECORDS + 100);
    expect(found).toBeGreaterThan(RECORDS + 50);
    expect(corrupt(damage)).toHaveLength(2);
  } finally {
    vi.restoreAllMocks();
  }
});

async function prototypeOfFiles(): Promise<FileHandle> {
  const handle = await openFile('/dev/null');
  await handle.close();
  return Object.getPrototypeOf(handle);
}
