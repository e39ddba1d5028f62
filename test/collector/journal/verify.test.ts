import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { encodeSeal, SEAL_BYTES } from '../../../collector/journal/chain.ts';
import { HEADER_BYTES, newEntry } from '../../../collector/journal/entry.ts';
import { Journal, type JournalOptions } from '../../../collector/journal/journal.ts';
import { encodeRecord } from '../../../collector/journal/record.ts';
import { openSegment } from '../../../collector/journal/segment-bytes.ts';
import { compressedName, segmentName } from '../../../collector/journal/segment-names.ts';
import { verifyJournal } from '../../../collector/journal/verify.ts';

let data: string;
let directory: string;
let options: JournalOptions;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'lookout-verify-'));
  directory = join(data, 'journal');
  options = {
    directory,
    segmentBytes: 2_000,
    retentionBytes: 1024 * 1024,
    retentionSeconds: 86_400,
    queueBytes: 1024 * 1024,
    instruments: createInstruments(collectorDefaults, Date.now),
    logger: pino({ level: 'silent' }),
  };
});
afterEach(() => rmSync(data, { recursive: true }));

const event = (id: string): McpEvent => ({
  id,
  time: '2026-11-21T09:30:15Z',
  kind: 'session_start',
  server: 'files',
});
const record = (id: string) =>
  encodeRecord({ receivedMs: 1_795_339_815_000, sourceKind: 'native', events: [event(id)] });
const plain = (segment: number) => join(directory, segmentName(segment));
const compressed = (segment: number) => join(directory, compressedName(segment));
const numbers = () =>
  [
    ...new Set(
      readdirSync(directory).flatMap((name) => /^segment-(\d+)\.log(\.zst)?$/.exec(name)?.[1] ?? []),
    ),
  ].map(Number);

/** Writes a journal of several segments; where each record stands. */
async function writeJournal(records = 40, from = 0) {
  const journal = await Journal.open(options);
  const places = [];
  for (let i = from; i < from + records; i++)
    places.push(await journal.append(record(`event-${i}`), (position) => position));
  return { journal, places };
}

/** All but the newest segment are compressed. */
const allCompressed = () =>
  vi.waitFor(() => {
    const open = readdirSync(directory).filter((name) => name.endsWith('.log'));
    expect(open).toEqual([segmentName(numbers().at(-1)!)]);
  });

async function aClosedJournal() {
  const { journal, places } = await writeJournal();
  await allCompressed();
  await journal.close();
  return places;
}

const faults = async () => (await verifyJournal(directory)).faults;

describe('a journal that nobody has touched', () => {
  test('is intact, and every event is accounted for, compressed or not', async () => {
    await aClosedJournal();
    const { segments, faults, end } = await verifyJournal(directory);
    expect(faults).toEqual([]);
    expect(segments.length).toBeGreaterThan(3);
    expect(segments.reduce((sum, { events }) => sum + events, 0)).toBe(40);
    expect(segments.every(({ unsealedBytes, unchained }) => unsealedBytes === 0 && !unchained)).toBe(true);
    expect(segments[0]!.firstMs).toBe(1_795_339_815_000);
    expect(end).toMatchObject({ segment: numbers().at(-1), hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('is intact over restarts, sudden ones too', async () => {
    await aClosedJournal();
    for (let round = 1; round < 4; round++) {
      // As a kill in the middle of a write would leave it.
      const last = plain(numbers().at(-1)!);
      truncateSync(last, readFileSync(last).length - 30 * round);
      const { journal } = await writeJournal(5, round * 100);
      await journal.close();
      expect(await faults()).toEqual([]);
    }
  });

  test('is intact while a collector writes it', async () => {
    const { journal } = await writeJournal();
    let writing = true;
    const load = (async () => {
      for (let i = 0; writing; i++) await journal.append(record(`late-${i}`), () => {});
    })();
    for (let round = 0; round < 5; round++) expect(await faults()).toEqual([]);
    writing = false;
    await load;
    await journal.close();
  });

  test('is intact when retention has deleted its beginning', async () => {
    options = { ...options, retentionBytes: 3_000 };
    const { journal } = await writeJournal();
    await journal.covered(journal.end);
    await journal.close();
    expect(numbers()[0]).toBeGreaterThan(1);
    expect(await faults()).toEqual([]);
  });

  test('is intact when retention deletes segments while it is read', async () => {
    options = { ...options, retentionBytes: 3_000 };
    const { journal } = await writeJournal(80);
    const before = join(data, 'before');
    cpSync(directory, before, { recursive: true });
    await journal.covered(journal.end);
    await journal.close();
    const [oldest] = numbers();
    expect(oldest).toBeGreaterThan(2);
    cpSync(before, directory, { recursive: true, force: false });
    const { faults, segments } = await verifyJournal(directory, {
      onSegment: ({ segment }) => {
        if (segment > 1) return;
        for (let gone = 2; gone < oldest!; gone++)
          for (const path of [plain(gone), compressed(gone)]) rmSync(path, { force: true });
      },
    });
    expect(faults).toEqual([]);
    expect(segments.map(({ segment }) => segment)).toEqual([1, ...numbers().slice(1)]);
  });

  test('is intact when a segment was started and nothing came to be in it', async () => {
    await aClosedJournal();
    writeFileSync(plain(numbers().at(-1)! + 1), '');
    const { journal } = await writeJournal(5, 100);
    await journal.close();
    expect(await faults()).toEqual([]);
  });
});

describe('a journal of a version before the chain', () => {
  /** A record as that version wrote it. */
  function oldRecord(id: string): Buffer {
    const text = `{"receivedMs":7,"sourceKind":"native"}\n${JSON.stringify(event(id))}`;
    return newEntry('json_record', Buffer.byteLength(text), (entry) => entry.write(text, HEADER_BYTES));
  }

  test('is read, and the chain begins behind it and holds its last segment', async () => {
    mkdirSync(directory);
    writeFileSync(plain(1), Buffer.concat([oldRecord('old-1'), oldRecord('old-2')]));
    writeFileSync(plain(3), Buffer.concat([oldRecord('old-3'), oldRecord('torn').subarray(0, 50)]));
    const { journal } = await writeJournal(1);
    const ids: string[] = [];
    for await (const { events } of journal.read()) ids.push(...events.map(({ id }) => id));
    expect(ids).toEqual(['old-1', 'old-2', 'old-3', 'event-0']);
    await journal.close();

    const { segments, faults: none } = await verifyJournal(directory);
    expect(none).toEqual([]);
    expect(segments.map(({ unchained, events }) => [unchained, events])).toEqual([
      [true, 2],
      [true, 1],
      [false, 1],
    ]);
    writeFileSync(plain(3), oldRecord('other'));
    expect((await faults())[0]).toMatchObject({ segment: 4, what: expect.stringContaining('segment 3 had') });
  });
});

describe('a journal that somebody has touched', () => {
  test('any changed byte of a segment is found, and where', async () => {
    const { journal } = await writeJournal(8);
    const reached = journal.end;
    await journal.close();
    const sound = readFileSync(plain(1));
    for (let at = 0; at < sound.length; at += 11) {
      const changed = Buffer.from(sound);
      changed[at]! ^= 0x20;
      writeFileSync(plain(1), changed);
      const [first] = (await verifyJournal(directory, { reached })).faults;
      expect(first?.segment, `byte ${at}`).toBe(1);
      // In the last seal it could be a write that was cut short, but for the snapshot.
      if (at < sound.length - SEAL_BYTES) expect(first!.offset).toBeLessThanOrEqual(at);
      else expect(first).toEqual({ ...reached, what: expect.stringContaining('snapshot') });
    }
  });

  test('a changed byte of a compressed segment is found, if it changes what can be read', async () => {
    await aClosedJournal();
    const read = async () => {
      const source = await openSegment(directory, 2);
      const bytes = await source.read(0, source.size);
      await source.close();
      return bytes;
    };
    const written = await read();
    const sound = readFileSync(compressed(2));
    let found = 0;
    for (let at = 0; at < sound.length; at += 5) {
      const changed = Buffer.from(sound);
      changed[at]! ^= 0x20;
      writeFileSync(compressed(2), changed);
      if ((await faults()).length > 0) found++;
      else expect((await read()).equals(written), `byte ${at}`).toBe(true);
    }
    expect(found).toBeGreaterThan(sound.length / 10);
  });

  test('a record that was changed together with its checksum is found by the seal', async () => {
    const { journal, places } = await writeJournal(8);
    await journal.close();
    const { offset } = places[3]!;
    const bytes = readFileSync(plain(1));
    record('event-X').copy(bytes, offset);
    writeFileSync(plain(1), bytes);
    expect(await faults()).toEqual([
      { segment: 1, offset, what: expect.stringContaining('not the one that was sealed here') },
    ]);
  });

  test('a link or a seal that was made something else is found', async () => {
    await aClosedJournal();
    const last = plain(numbers().at(-1)!);
    const good = readFileSync(last);
    const seal = encodeSeal(Buffer.alloc(32)).subarray(0, 4);
    const places = [0, good.indexOf(seal)];
    for (const at of places)
      for (const link of ['no JSON', 'null', '{}', '{"timeMs":1,"oldest":1,"previous":{}}']) {
        const text = newEntry('link', link.length, (entry) => entry.write(link, HEADER_BYTES));
        writeFileSync(last, Buffer.concat([good.subarray(0, at), text, good.subarray(at)]));
        expect(await faults(), `${link} at ${at}`).not.toEqual([]);
      }
  });

  test('blocks that changed places are found', async () => {
    const { journal, places } = await writeJournal(8);
    await journal.close();
    const [a, b] = [places[2]!.offset, places[3]!.offset];
    const size = record('event-2').length + SEAL_BYTES;
    const bytes = readFileSync(plain(1));
    const swapped = Buffer.concat([
      bytes.subarray(0, a),
      bytes.subarray(b, b + size),
      bytes.subarray(a, a + size),
      bytes.subarray(b + size),
    ]);
    expect(swapped.length).toBe(bytes.length);
    writeFileSync(plain(1), swapped);
    expect((await faults())[0]).toMatchObject({ segment: 1, offset: a });
  });

  test('a block that was cut out is found', async () => {
    const { journal, places } = await writeJournal(8);
    await journal.close();
    const [a, b] = [places[2]!.offset, places[3]!.offset];
    const bytes = readFileSync(plain(1));
    writeFileSync(plain(1), Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]));
    expect((await faults())[0]).toMatchObject({ segment: 1, offset: a });
  });

  test('a deleted segment is found, the oldest too', async () => {
    await aClosedJournal();
    cpSync(directory, join(data, 'sound'), { recursive: true });
    rmSync(compressed(3));
    expect(await faults()).toEqual([
      { segment: 4, offset: 0, what: 'segment 3, which it follows, is missing' },
    ]);
    cpSync(join(data, 'sound'), directory, { recursive: true });
    rmSync(compressed(1));
    expect(await faults()).toEqual([
      { segment: 2, offset: 0, what: 'the segments before it are gone, and retention did not delete them' },
    ]);
  });

  test('segments that changed places are found', async () => {
    await aClosedJournal();
    renameSync(compressed(2), join(data, 'two'));
    renameSync(compressed(3), compressed(2));
    renameSync(join(data, 'two'), compressed(3));
    expect((await faults())[0]).toEqual({ segment: 2, offset: 0, what: 'the file is that of segment 3' });
  });

  test('a segment that was cut at a seal is found by the one behind it', async () => {
    const { journal, places } = await writeJournal(8);
    await journal.close();
    const again = await writeJournal(1, 100);
    await again.journal.close();
    rmSync(compressed(1), { force: true });
    writeFileSync(plain(1), Buffer.alloc(0));
    expect((await faults())[0]).toMatchObject({ segment: 2, offset: 0 });
    expect(places.length).toBe(8);
  });

  test('the newest part being gone is found by what the snapshot holds', async () => {
    const places = await aClosedJournal();
    const reached = places.at(-1)!;
    rmSync(plain(numbers().at(-1)!));
    const verdict = await verifyJournal(directory, { reached });
    expect(verdict.faults).toEqual([{ ...reached, what: expect.stringContaining('snapshot') }]);
  });

  test('a chain that was made anew does not hold the hash that was kept elsewhere', async () => {
    await aClosedJournal();
    const anchor = (await verifyJournal(directory)).end!.hash;
    expect((await verifyJournal(directory, { anchor: anchor.toUpperCase() })).anchored).toBe(true);
    rmSync(directory, { recursive: true });
    await aClosedJournal();
    expect(await verifyJournal(directory, { anchor })).toMatchObject({ faults: [], anchored: false });
  });
});

describe('the command', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [resolve('collector/main.ts'), 'verify', ...args], { encoding: 'utf8' });

  test('tells of an intact journal with 0, a damaged one with 1, none with 2', async () => {
    const places = await aClosedJournal();
    const anchor = (await verifyJournal(directory)).end!.hash;
    const intact = run('--data', data, '--anchor', anchor);
    expect([intact.status, intact.stderr]).toEqual([0, '']);
    expect(intact.stdout).toContain(`intact: 40 events in ${numbers().length} segments`);
    expect(intact.stdout).toContain(`latest hash: ${anchor} (segment ${numbers().at(-1)}`);

    const { segment, offset } = places.at(-1)!;
    const bytes = readFileSync(plain(segment));
    bytes[offset + 20]! ^= 1;
    writeFileSync(plain(segment), bytes);
    const damaged = run('--data', data, '--anchor', 'ab'.repeat(32));
    expect(damaged.status).toBe(1);
    expect(damaged.stdout).toContain(
      `DAMAGED: the first of 1 faults is in segment ${segment} at offset ${offset}`,
    );

    expect(damaged.stdout).toContain(`NOT FOUND: the hash ${'ab'.repeat(32)}`);

    const none = run('--data', join(data, 'nowhere'));
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('cannot read the journal')]);
    expect(run().stderr).toContain('--config or --data is missing');
  });
});
