import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  collectorJournalCompressErrors,
  collectorJournalDisk,
  collectorJournalOldest,
  collectorJournalSegments,
} from '../../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { createInstruments, type Instruments } from '../../../collector/instruments.ts';
import { encodeLink } from '../../../collector/journal/chain.ts';
import { compressSegment } from '../../../collector/journal/compress.ts';
import { FRAME_BYTES } from '../../../collector/journal/compressed.ts';
import { openSegment } from '../../../collector/journal/segment-bytes.ts';
import { compressedName, segmentName } from '../../../collector/journal/segment-names.ts';
import { Segments, type SegmentsOptions } from '../../../collector/journal/segments.ts';
import { seeded } from '../../random.ts';
import { sampleValue } from '../exposition.ts';

let directory: string;
let instruments: Instruments;
let options: SegmentsOptions;
let clockMs: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-compress-'));
  clockMs = 1_795_339_815_000;
  instruments = createInstruments(collectorDefaults, () => clockMs);
  options = {
    directory,
    retentionBytes: 1024 ** 3,
    retentionSeconds: 86_400,
    instruments,
    logger: pino({ level: 'silent' }),
    now: () => clockMs,
  };
});
afterEach(() => rmSync(directory, { recursive: true }));

const plain = (segment: number) => join(directory, segmentName(segment));
const compressed = (segment: number) => join(directory, compressedName(segment));
const never = () => false;

/** Text of this many bytes, which begins with a link as segments do. */
function writeSegment(segment: number, bytes: number): Buffer {
  const link = encodeLink({ timeMs: clockMs, oldest: 1, segment });
  const text = Buffer.alloc(Math.max(0, bytes - link.length));
  for (let at = 0; at < text.length; at += 12) text.write(`${segment}-${at}-abcdef`, at);
  const content = Buffer.concat([link, text]);
  writeFileSync(plain(segment), content);
  utimesSync(plain(segment), clockMs / 1_000, clockMs / 1_000);
  return content;
}

const file = (segment: number) => ({ segment, lastWriteMs: clockMs });

describe('a compressed segment', () => {
  test('gives the bytes of any place, within a frame and over several', async () => {
    const content = writeSegment(1, 3 * FRAME_BYTES + 12_345);
    const bytes = await compressSegment(directory, file(1), never);
    expect(existsSync(plain(1))).toBe(false);
    expect(bytes).toBe(statSync(compressed(1)).size);
    expect(bytes).toBeLessThan(content.length / 3);
    const source = await openSegment(directory, 1);
    expect(source.size).toBe(content.length);
    const chance = seeded(7);
    for (let i = 0; i < 200; i++) {
      const offset = Math.floor(chance() * content.length);
      const length = Math.floor(chance() * 2 * FRAME_BYTES);
      const read = await source.read(offset, length);
      expect(read.equals(content.subarray(offset, offset + length)), `${offset}, ${length}`).toBe(true);
    }
    await source.close();
  });

  test('keeps the time of its last event and is for its owner alone', async () => {
    writeSegment(1, 1_000);
    await compressSegment(directory, { segment: 1, lastWriteMs: 1_700_000_000_000 }, never);
    const { mtimeMs, mode } = statSync(compressed(1));
    expect([mtimeMs, mode & 0o777]).toEqual([1_700_000_000_000, 0o600]);
  });

  test('is unpacked by the zstd program too', async () => {
    const content = writeSegment(1, 2 * FRAME_BYTES + 5);
    await compressSegment(directory, file(1), never);
    const unpacked = spawnSync('zstd', ['-dc', compressed(1)], { maxBuffer: 10 * FRAME_BYTES });
    // Few machines are without it; the format is checked by the other tests there.
    if (unpacked.error) return expect(unpacked.error.message).toContain('ENOENT');
    expect(unpacked.stdout.equals(content)).toBe(true);
  });

  test('loses no more than the frames that are damaged', async () => {
    const content = writeSegment(1, 3 * FRAME_BYTES + 100);
    await compressSegment(directory, file(1), never);
    const bytes = readFileSync(compressed(1));
    // In the middle of the second frame, since all are about alike.
    bytes[Math.floor(bytes.length * 0.45)]! ^= 0xff;
    writeFileSync(compressed(1), bytes);
    const source = await openSegment(directory, 1);
    const read = await source.read(0, source.size);
    await source.close();
    const lost = content.map((byte, i) => (byte === read[i] ? 0 : 1));
    expect(lost.slice(FRAME_BYTES, 2 * FRAME_BYTES)).toContain(1);
    expect(lost.slice(0, FRAME_BYTES)).not.toContain(1);
    expect(lost.slice(2 * FRAME_BYTES)).not.toContain(1);
  });

  test('is read without its table, when the end of the file is gone', async () => {
    const content = writeSegment(1, 3 * FRAME_BYTES + 100);
    await compressSegment(directory, file(1), never);
    truncateSync(compressed(1), statSync(compressed(1)).size - 20);
    const source = await openSegment(directory, 1);
    expect((await source.read(0, content.length)).equals(content)).toBe(true);
    await source.close();
  });
});

describe('a stop in the middle of a compression', () => {
  test('before the rename leaves the plain file, and the draft goes', async () => {
    const content = writeSegment(1, 5_000);
    writeFileSync(`${compressed(1)}.draft`, 'half of it');
    await Segments.open(options);
    expect(existsSync(`${compressed(1)}.draft`)).toBe(false);
    expect(readFileSync(plain(1)).equals(content)).toBe(true);
  });

  test('before the deletion leaves both, and the compressed one stays if it is whole', async () => {
    writeSegment(1, 5_000);
    copyFileSync(plain(1), join(directory, 'copy'));
    await compressSegment(directory, file(1), never);
    copyFileSync(join(directory, 'copy'), plain(1));
    await Segments.open(options);
    expect([existsSync(plain(1)), existsSync(compressed(1))]).toEqual([false, true]);

    copyFileSync(join(directory, 'copy'), plain(1));
    truncateSync(compressed(1), 60);
    await Segments.open(options);
    expect([existsSync(plain(1)), existsSync(compressed(1))]).toEqual([true, false]);
  });

  test('is one that is asked for, and changes nothing', async () => {
    const content = writeSegment(1, 3 * FRAME_BYTES);
    let frames = 0;
    expect(await compressSegment(directory, file(1), () => frames++ === 2)).toBeUndefined();
    expect(readFileSync(plain(1)).equals(content)).toBe(true);
    expect([existsSync(compressed(1)), existsSync(`${compressed(1)}.draft`)]).toEqual([false, false]);
  });
});

describe('the segments', () => {
  const scrape = async () => {
    // A counter's first value shows once a scrape has seen it at zero.
    await instruments.exposition();
    clockMs += 60_000;
    return instruments.exposition();
  };

  test('are compressed when they are closed, and say what they take', async () => {
    writeSegment(1, 100_000);
    writeSegment(2, 50_000);
    const segments = await Segments.open(options);
    segments.grew(3, 10);
    segments.compress();
    await vi.waitFor(() => expect(existsSync(plain(2))).toBe(false));
    await segments.close();
    expect([existsSync(compressed(1)), existsSync(compressed(2))]).toEqual([true, true]);
    const text = await scrape();
    const disk = statSync(compressed(1)).size + statSync(compressed(2)).size + 10;
    expect(sampleValue(text, collectorJournalDisk)).toBe(disk);
    expect(sampleValue(text, collectorJournalSegments)).toBe(3);
    expect(sampleValue(text, collectorJournalOldest)).toBe(1_795_339_815);
  });

  test('that cannot be compressed are counted and stay as they are', async () => {
    const content = writeSegment(1, 50_000);
    symlinkSync('/dev/full', `${compressed(1)}.draft`);
    const segments = await Segments.open(options);
    symlinkSync('/dev/full', `${compressed(1)}.draft`);
    segments.grew(2, 10);
    segments.compress();
    await vi.waitFor(async () =>
      expect(sampleValue(await scrape(), collectorJournalCompressErrors)).toBeGreaterThan(0),
    );
    expect(readFileSync(plain(1)).equals(content)).toBe(true);
    // The disk is well again.
    segments.compress();
    await vi.waitFor(() => expect(existsSync(compressed(1))).toBe(true));
    await segments.close();
  });

  test('are compressed although one of them cannot be', async () => {
    for (const segment of [1, 2, 3]) writeSegment(segment, 50_000);
    const segments = await Segments.open(options);
    // As if the disk could not read it.
    rmSync(plain(2));
    segments.grew(4, 10);
    segments.compress();
    await vi.waitFor(() => expect(existsSync(compressed(3))).toBe(true));
    expect([existsSync(compressed(1)), existsSync(compressed(2))]).toEqual([true, false]);
    expect(sampleValue(await scrape(), collectorJournalCompressErrors)).toBe(1);
    await segments.close();
  });

  test('that are older than the retention go, and the one with the newest events stays', async () => {
    for (const segment of [1, 2, 3]) {
      writeSegment(segment, 1_000);
      clockMs += 40_000_000;
    }
    const segments = await Segments.open(options);
    expect(segments.due).toBeUndefined();
    segments.covered(3);
    expect(segments.due).toBe(2);
    await segments.deleteBefore(2);
    expect([existsSync(plain(1)), existsSync(plain(2)), segments.oldest]).toEqual([false, true, 2]);
    clockMs += 400_000_000;
    segments.covered(99);
    expect(segments.due).toBe(3);
    await segments.close();
  });

  test('do not go because somebody sets the clock', async () => {
    clockMs = Date.now();
    for (const segment of [1, 2, 3]) writeSegment(segment, 1_000);
    const { now: _, ...withoutClock } = options;
    const segments = await Segments.open(withoutClock);
    segments.covered(3);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 365 * 86_400_000 });
    const { due } = segments;
    vi.useRealTimers();
    expect(due).toBeUndefined();
    await segments.close();
  });

  test('that are deleted while they are compressed do not come back', async () => {
    writeSegment(1, 8 * FRAME_BYTES);
    writeSegment(2, 1_000);
    const segments = await Segments.open(options);
    segments.covered(2);
    segments.grew(3, 10);
    segments.compress();
    await segments.deleteBefore(2);
    await vi.waitFor(() => expect(existsSync(compressed(2))).toBe(true));
    await segments.close();
    expect([existsSync(plain(1)), existsSync(compressed(1)), existsSync(`${compressed(1)}.draft`)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('that are just being deleted are not compressed', async () => {
    for (const segment of [1, 2]) writeSegment(segment, 8 * FRAME_BYTES);
    writeSegment(3, 1_000);
    const segments = await Segments.open(options);
    segments.covered(3);
    segments.grew(4, 10);
    const deleted = segments.deleteBefore(3);
    // As when a segment is closed at that moment.
    segments.compress();
    await deleted;
    await vi.waitFor(() => expect(existsSync(compressed(3))).toBe(true));
    await segments.close();
    expect([existsSync(plain(2)), existsSync(compressed(2))]).toEqual([false, false]);
  });

  test('without a whole entry are deleted when a collector starts, and others never', async () => {
    writeSegment(1, 1_000);
    writeFileSync(plain(2), '');
    writeFileSync(plain(3), Buffer.alloc(100, 0xff));
    const segments = await Segments.open(options);
    expect(await segments.chainEnd()).toMatchObject({ segment: 1, bytes: 1_000 });
    expect([existsSync(plain(1)), existsSync(plain(2)), existsSync(plain(3))]).toEqual([true, false, false]);
    await segments.close();
  });
});
