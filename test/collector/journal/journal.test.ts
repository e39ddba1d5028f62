import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  collectorJournalDeleteErrors,
  collectorJournalErrors,
} from '../../../collector/catalogue/collector-metrics.ts';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { HEADER_BYTES, newEntry } from '../../../collector/journal/entry.ts';
import { GroupCommit } from '../../../collector/journal/group-commit.ts';
import { Journal, JournalBusy, type JournalOptions } from '../../../collector/journal/journal.ts';
import { encodeRecord } from '../../../collector/journal/record.ts';
import type { Damage, Position } from '../../../collector/journal/segment.ts';
import { sampleValue } from '../exposition.ts';

let directory: string;
let journal: Journal;
let options: JournalOptions;
let clockMs = 0;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'lookout-journal-')), 'journal');
  options = {
    directory,
    segmentBytes: 1024 * 1024,
    retentionBytes: 1024 * 1024 * 1024,
    retentionSeconds: 86_400,
    queueBytes: 1024 * 1024,
    instruments: createInstruments(collectorDefaults, () => clockMs),
    logger: pino({ level: 'silent' }),
  };
});
afterEach(async () => {
  await journal.close();
  rmSync(join(directory, '..'), { recursive: true });
});

const open = async (changes: Partial<JournalOptions> = {}, after?: Position) => {
  journal = await Journal.open({ ...options, ...changes }, after);
};
const reopen = async (changes: Partial<JournalOptions> = {}) => {
  await journal.close();
  await open(changes);
};
const event = (id: string): McpEvent => ({
  id,
  time: '2026-11-21T09:30:15Z',
  kind: 'session_start',
  server: 'files',
});
const record = (...ids: string[]) =>
  encodeRecord({ receivedMs: 7, sourceKind: 'native', events: ids.map(event) });
const append = (...ids: string[]) => journal.append(record(...ids), (position) => position);
/** Names of the segments, oldest first, in whichever form. */
const segments = () =>
  readdirSync(directory)
    .filter((name) => name.startsWith('segment-'))
    .sort();
const lastSegment = () => join(directory, segments().at(-1)!);

/** The ids of all events from a position on. */
async function ids(from?: Position, damage: Damage[] = []): Promise<string[]> {
  const found: string[] = [];
  for await (const { events } of journal.read(from, (_segment, part) => damage.push(part)))
    found.push(...events.map(({ id }) => id));
  return found;
}

test('what was appended is read again, after a restart too, with what belongs to it', async () => {
  await open();
  await append('a', 'b');
  await append('c');
  expect(await ids()).toEqual(['a', 'b', 'c']);
  await reopen();
  await append('d');
  expect(await ids()).toEqual(['a', 'b', 'c', 'd']);
  for await (const { events, receivedMs, sourceKind } of journal.read())
    if (events[0]?.id === 'a')
      expect({ events, receivedMs, sourceKind }).toEqual({
        events: [event('a'), event('b')],
        receivedMs: 7,
        sourceKind: 'native',
      });
  expect.assertions(3);
});

test('records that arrive together are applied in order, each when the end stands behind it', async () => {
  await open();
  const ends: Position[] = [];
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      journal.append(record(`id-${i}`), () => {
        ends.push(journal.end);
        order.push(i);
      }),
    ),
  );
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(ends.map(({ offset }) => offset)).toEqual(ends.map(({ offset }) => offset).sort((a, b) => a - b));
  // What stands behind the end that the record with id 99 saw starts with id 100.
  expect((await ids(ends[99]))[0]).toBe('id-100');
});

test('records are found again at the positions they were given', async () => {
  await open({ segmentBytes: 200 });
  const positions = [];
  for (const id of ['a', 'b', 'c', 'd', 'e']) positions.push(await append(id));
  expect(new Set(positions.map(({ segment }) => segment)).size).toBeGreaterThan(1);
  expect((await ids(positions[2]))[0]).toBe('c');
  const read: Position[] = [];
  for await (const { events, position } of journal.read()) if (events.length > 0) read.push(position);
  expect(read).toEqual(positions);
});

test('one record is read where it starts, and nowhere else', async () => {
  await open({ segmentBytes: 200 });
  const positions: Position[] = [];
  for (const id of ['a', 'b', 'c', 'd']) positions.push(await append(id));
  for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) {
    const found = await journal.readAt(positions[i]!);
    expect([found?.events[0]?.id, found?.position]).toEqual([id, positions[i]]);
    expect((await ids(found!.end))[0]).toBe(['b', 'c', 'd', undefined][i]);
  }
  expect(await journal.readAt({ ...positions[1]!, offset: positions[1]!.offset + 1 })).toBeUndefined();
  expect(await journal.readAt(journal.end)).toBeUndefined();
});

test('a listener hears of every commit when it can be read, until it stops listening', async () => {
  await open();
  const heard: Position[] = [];
  const stop = journal.onCommit((end) => heard.push(end));
  await append('a');
  expect(heard).toEqual([journal.end]);
  stop();
  await append('b');
  expect(heard).toHaveLength(1);
});

test('segments follow one another by size, and by each start', async () => {
  await open({ segmentBytes: 500 });
  for (const id of ['a', 'b', 'c', 'd']) await append(id);
  const numbers = () => new Set(segments().map((name) => Number(name.slice(8, 24))));
  expect([...numbers()]).toEqual([1, 2]);
  await reopen({ segmentBytes: 500 });
  expect([...numbers()]).toEqual([1, 2, 3]);
});

test('a segment is closed by its age, wherever the clock is set back to', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 });
  try {
    await open({ retentionSeconds: 0.3 });
    await append('a');
  } finally {
    vi.useRealTimers();
  }
  await setTimeout(20);
  await append('b');
  expect(new Set(segments().map((name) => name.slice(0, 24))).size).toBeGreaterThan(1);
});

test('a second collector on the same folder is refused', async () => {
  await open();
  await append('a');
  await expect(Journal.open(options, undefined, 100)).rejects.toThrow(
    `another collector uses the journal in ${directory}: stop it, or set another dataDirectory`,
  );
  await append('b');
  await reopen();
  expect(await ids()).toEqual(['a', 'b']);
});

test('a journal whose files are gone starts behind the snapshot that is left', async () => {
  await open({}, { segment: 41, offset: 100 });
  await append('a');
  expect(segments()).toEqual(['segment-0000000000000042.log']);
  expect(await ids({ segment: 41, offset: 100 })).toEqual(['a']);
});

test('a commit torn anywhere is read as far as its records are whole', async () => {
  await open();
  await append('a');
  const whole = journal.end.offset;
  const { offset: end } = (await journal.readAt(await append('b')))!.end;
  await journal.close();
  const file = lastSegment();
  const full = readFileSync(file);
  for (let size = full.length - 1; size > whole; size -= 7) {
    for (const name of segments()) rmSync(join(directory, name));
    writeFileSync(file, full.subarray(0, size));
    await open();
    const damage: Damage[] = [];
    expect(await ids(undefined, damage)).toEqual(size < end ? ['a'] : ['a', 'b']);
    expect(damage).toEqual(size === end ? [] : [{ kind: 'torn', bytes: size - (size < end ? whole : end) }]);
    await journal.close();
  }
  await open();
  await append('c');
  expect((await ids()).at(-1)).toBe('c');
});

test('a corrupt record is passed over and told, whichever of its bytes is wrong', async () => {
  await open();
  await append('a');
  const { offset: from } = await append('b');
  const to = (await journal.readAt({ ...journal.end, offset: from }))!.end.offset;
  await append('c');
  await journal.close();
  const file = lastSegment();
  const sound = readFileSync(file);
  for (let at = from; at < to; at += 3) {
    const damaged = Buffer.from(sound);
    damaged[at]! ^= 0x55;
    for (const name of segments()) rmSync(join(directory, name));
    writeFileSync(file, damaged);
    await open();
    const damage: Damage[] = [];
    expect(await ids(undefined, damage)).toEqual(['a', 'c']);
    expect(damage).toEqual([{ kind: 'corrupt', bytes: to - from }]);
    await journal.close();
  }
  await open();
});

test('a corrupt record larger than what is read at a time is passed over', async () => {
  await open({ queueBytes: 16 * 1024 * 1024, segmentBytes: 64 * 1024 * 1024 });
  const large = (id: string) => record(id, ...Array.from({ length: 40_000 }, (_, i) => `${id}-${i}`));
  await journal.append(large('a'), () => {});
  const from = readFileSync(lastSegment()).length;
  await journal.append(large('b'), () => {});
  await append('c');
  await journal.close();
  const bytes = readFileSync(lastSegment());
  expect(bytes.length).toBeGreaterThan(4 * 1024 * 1024);
  bytes[from + 1_000_000]! ^= 1;
  writeFileSync(lastSegment(), bytes);
  await open();
  const damage: Damage[] = [];
  const found = await ids(undefined, damage);
  expect([found.length, found[0], found.at(-1), damage.length]).toEqual([40_002, 'a', 'c', 1]);
});

test('a whole record of garbage lines counts as damage and does not stop the rest', async () => {
  await open();
  await append('a');
  await journal.close();
  appendFileSync(lastSegment(), Buffer.alloc(3 * 1024 * 1024, 0xff));
  appendFileSync(lastSegment(), record('b'));
  await open();
  const damage: Damage[] = [];
  expect(await ids(undefined, damage)).toEqual(['a', 'b']);
  expect(damage).toEqual([{ kind: 'corrupt', bytes: 3 * 1024 * 1024 }]);
});

test('a record that says nothing, although its checksum is right, counts as damage and does not stop the rest', async () => {
  await open();
  await append('a');
  const senseless = newEntry('record', 4, (entry) => entry.writeUInt32BE(0, HEADER_BYTES));
  await journal.append(senseless, () => {});
  await append('b');
  await reopen();
  const damage: Damage[] = [];
  expect(await ids(undefined, damage)).toEqual(['a', 'b']);
  expect(damage).toEqual([{ kind: 'corrupt', bytes: senseless.length }]);
});

test('more than may wait is refused at once, and what waits is not harmed', async () => {
  await open({ queueBytes: 10_000 });
  const results = await Promise.allSettled(Array.from({ length: 1_000 }, (_, i) => append(`id-${i}`)));
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  for (const result of refused) expect((result as PromiseRejectedResult).reason).toBeInstanceOf(JournalBusy);
  expect(await ids()).toHaveLength(1_000 - refused.length);
  await append('later');
});

test('a record larger than what may wait is taken when nothing waits', async () => {
  await open({ queueBytes: 10 });
  await append('a');
  expect(await ids()).toEqual(['a']);
});

test('the oldest segments over the retention go, but none that no snapshot covers', async () => {
  await open({ segmentBytes: 100, retentionBytes: 5_000 });
  for (let i = 0; i < 40; i++) await append(`id-${i}`);
  expect(new Set(segments().map((name) => name.slice(0, 24))).size).toBe(41);
  await journal.covered({ segment: 5, offset: 0 });
  expect(await ids()).toContain('id-5');
  await journal.covered(journal.end);
  const kept = segments().map((name) => readFileSync(join(directory, name)).length);
  // And the entry that tells of the deletion.
  expect(kept.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(5_000 + 1_000);
  expect((await ids()).at(-1)).toBe('id-39');
  expect((await ids())[0]).not.toBe('id-0');
});

test('a segment that cannot be deleted is counted, fails no snapshot, and goes as soon as it can be', async () => {
  const { instruments } = options;
  await open({ segmentBytes: 100, retentionBytes: 1 });
  const first = segments()[0]!;
  for (const id of ['a', 'b', 'c']) await append(id);
  await vi.waitFor(() => expect(segments()).toContain(`${first}.zst`));
  // Where the plain file was, so that it is no file that can be deleted.
  mkdirSync(join(directory, first));
  const failures = async () => sampleValue(await instruments.exposition(), collectorJournalDeleteErrors);
  await journal.covered(journal.end);
  await instruments.exposition();
  clockMs += 60_000;
  expect(await failures()).toBe(1);
  expect((await ids()).at(-1)).toBe('c');
  rmdirSync(join(directory, first));
  // As once a minute.
  await journal.covered(journal.end);
  expect(segments().filter((name) => name.startsWith(first))).toEqual([]);
  expect(await failures()).toBe(1);
});

test('reading goes on behind segments that retention deletes meanwhile', async () => {
  await open({ segmentBytes: 100, retentionBytes: 1 });
  for (let round = 0; round < 20; round++) {
    const appended = Array.from({ length: 5 }, (_, i) => `${round}-${i}`);
    for (const id of appended) await append(id);
    const reading = ids();
    await new Promise((resolve) => setImmediate(resolve));
    await journal.covered(journal.end);
    expect((await reading).at(-1)).toBe(appended.at(-1));
  }
});

test('a segment that is gone although no snapshot covers it is an error and no silence', async () => {
  await open({ segmentBytes: 100 });
  for (const id of ['a', 'b', 'c']) await append(id);
  for (const name of segments().slice(1, 3)) rmSync(join(directory, name));
  await expect(ids()).rejects.toThrow('ENOENT');
});

test('a disk that fails refuses, says so, and is used again by itself when it is well', async () => {
  // Each record starts a segment, and none can be created while the folder is elsewhere.
  await open({ segmentBytes: 1 });
  await append('a');
  renameSync(directory, `${directory}-away`);
  await expect(append('b')).rejects.toThrow(/ENOENT/);
  expect(journal.failing).toBe(true);
  await options.instruments.exposition();
  clockMs += 60_000;
  const text = await options.instruments.exposition();
  expect(sampleValue(text, collectorJournalErrors)).toBeGreaterThan(0);
  renameSync(`${directory}-away`, directory);
  await vi.waitFor(() => expect(journal.failing).toBe(false), 5_000);
  await append('c');
  expect(await ids()).toEqual(['a', 'c']);
  await reopen();
  expect(await ids()).toEqual(['a', 'c']);
});

test('those who wait are let go when a disk fails and then hangs', async () => {
  await open();
  let answer = () => {};
  const disk = {
    write: () => Promise.reject(new Error('EIO')),
    abandon: () => new Promise<void>((resolve) => (answer = resolve)),
  };
  const commits = new GroupCommit({ ...options, commitSeconds: 0.05 }, disk, journal.end);
  await expect(commits.append(record('a'), () => {})).rejects.toThrow('does not answer');
  expect(commits.failing).toBe(true);
  await expect(commits.append(record('b'), () => {})).rejects.toThrow('does not answer');
  answer();
  await commits.close();
  expect(commits.failing).toBe(true);
});

test('an append after the close is refused', async () => {
  await open();
  await journal.close();
  await expect(append('a')).rejects.toThrow();
  await open();
  expect(await ids()).toEqual([]);
});
