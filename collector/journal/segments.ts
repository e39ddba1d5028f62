/** The segments on disk: compressed when they are closed, deleted when they are too old or too many. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import {
  collectorJournalCompressErrors,
  collectorJournalDisk,
  collectorJournalOldest,
  collectorJournalSegments,
} from '../catalogue/collector-metrics.ts';
import type { Instruments } from '../instruments.ts';
import type { ChainEnd } from './chain.ts';
import { beganAt, chainEndOf, holdsEntries } from './chain-end.ts';
import { compressSegment, resolveLeftovers } from './compress.ts';
import { sync } from './durable-file.ts';
import { openSegment, type SegmentBytes } from './segment-bytes.ts';
import { compressedName, listSegmentFiles, type SegmentFile, segmentName } from './segment-names.ts';

export interface SegmentsOptions {
  readonly directory: string;
  /** Above this in all files, the oldest segments that a snapshot covers are deleted. */
  readonly retentionBytes: number;
  /** Segments last written to longer ago are deleted when a snapshot covers them. */
  readonly retentionSeconds: number;
  readonly instruments: Instruments;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

type File = Omit<SegmentFile, 'segment'>;

/** The time of day at the start and steady from then on: a clock that is set wrong must not delete the journal. */
function steadyClock(): () => number {
  const startedMs = Date.now() - performance.now();
  return () => startedMs + performance.now();
}

const isFull = (error: unknown) => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

export class Segments {
  readonly #options: SegmentsOptions;
  readonly #now: () => number;
  /** By number, oldest first. */
  readonly #files = new Map<number, File>();
  /** The one that is being written. */
  #open: number | undefined;
  /** Segments before it are covered by a snapshot. */
  #covered = 0;
  #compressing: Promise<void> | undefined;
  /** The one that is being compressed. */
  #current: number | undefined;
  /** Segments before it are being deleted. */
  #deleting = 0;
  /** Those that could not be, by number: nobody reads them, and they take their room. */
  readonly #left = new Map<number, File>();
  #stopped = false;
  #failing = false;

  private constructor(options: SegmentsOptions, files: readonly SegmentFile[]) {
    this.#options = options;
    this.#now = options.now ?? steadyClock();
    for (const { segment, ...file } of files) this.#files.set(segment, file);
    options.instruments.beforeScrape(() => this.#expose());
  }

  /** Takes up the segments of a folder and mends what a sudden stop left half done. */
  static async open(options: SegmentsOptions): Promise<Segments> {
    const { directory } = options;
    const files = await listSegmentFiles(directory);
    const segments = new Segments(
      options,
      await resolveLeftovers(directory, await readdir(directory), files),
    );
    await segments.#exposeOldest();
    return segments;
  }

  /** Numbers, oldest first. */
  get numbers(): number[] {
    return [...this.#files.keys()];
  }

  get oldest(): number | undefined {
    return this.#files.keys().next().value;
  }

  has(segment: number): boolean {
    return this.#files.has(segment);
  }

  /** Opens a segment to read it; undefined when retention has deleted it. */
  async read(segment: number): Promise<SegmentBytes | undefined> {
    if (!this.has(segment)) return undefined;
    try {
      return await openSegment(this.#options.directory, segment);
    } catch (error) {
      // Deleted by retention since it was looked up.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !this.has(segment)) return undefined;
      throw error;
    }
  }

  /**
   * Where the chain of the newest segment ends; undefined when there is none. A segment without anything in it that can
   * be read is deleted on the way: it was torn before its first commit was whole.
   */
  async chainEnd(): Promise<ChainEnd | undefined> {
    const { directory, logger } = this.#options;
    for (const segment of this.numbers.reverse()) {
      const source = await openSegment(directory, segment);
      try {
        const compressed = this.#files.get(segment)?.compressed === true;
        if (compressed || (await holdsEntries(source))) {
          // Or a power cut could take away what the next segment says of its end.
          if (!compressed) await sync(join(directory, segmentName(segment)));
          return await chainEndOf(source, segment);
        }
      } finally {
        await source.close();
      }
      logger.warn(
        { segment, bytes: source.size },
        'a segment of the journal without a whole entry is deleted',
      );
      await this.#delete(segment);
    }
    return undefined;
  }

  /** Told how large the segment that is being written has become. */
  grew(segment: number, bytes: number): void {
    const first = this.#files.size === 0;
    this.#open = segment;
    this.#files.set(segment, { bytes, compressed: false, lastWriteMs: this.#now() });
    if (first) this.#options.instruments.set(collectorJournalOldest, {}, this.#now() / 1_000);
  }

  /** Told that no segment is being written now. */
  closed(): void {
    this.#open = undefined;
  }

  /** Compresses the closed segments, one after the other, and retries those that failed. */
  compress(): void {
    if (this.#stopped || this.#compressing) return;
    this.#compressing = this.#compressAll().finally(() => {
      this.#current = undefined;
      this.#compressing = undefined;
    });
  }

  /** Told that a snapshot holds everything before a segment. */
  covered(segment: number): void {
    this.#covered = segment;
  }

  /** The segment before which retention wants all deleted; undefined when it wants nothing. */
  get due(): number | undefined {
    const { retentionBytes, retentionSeconds } = this.#options;
    const again = this.#left.size > 0 ? this.#deleting : undefined;
    let total = 0;
    for (const { bytes } of this.#files.values()) total += bytes;
    const notBefore = this.#now() - retentionSeconds * 1_000;
    const newest = this.numbers.at(-1);
    for (const [segment, { bytes, lastWriteMs }] of this.#files) {
      const wanted = total > retentionBytes || lastWriteMs < notBefore;
      if (!wanted || segment >= this.#covered || segment === newest)
        return segment === this.oldest ? again : segment;
      total -= bytes;
    }
    return again;
  }

  /** Deletes the segments before one. Rejects when some could not be deleted; they are due again. */
  async deleteBefore(segment: number): Promise<void> {
    // What is being compressed, or came to be meanwhile, would come back under its new name.
    this.#deleting = segment;
    if (this.#current !== undefined && this.#current < segment) await this.#stopCompressing();
    let failure: unknown;
    for (const number of [...this.#left.keys(), ...this.numbers]) {
      if (number >= segment) continue;
      const file = this.#files.get(number) ?? (this.#left.get(number) as File);
      try {
        this.#left.delete(number);
        await this.#delete(number);
      } catch (error) {
        this.#left.set(number, file);
        failure = error;
      }
    }
    await this.#exposeOldest();
    this.compress();
    if (failure) throw failure;
  }

  /** Waits until nothing is compressed any more; a segment that is half done is left for the next start. */
  async close(): Promise<void> {
    this.#stopped = true;
    await this.#compressing;
  }

  async #delete(segment: number): Promise<void> {
    this.#files.delete(segment);
    for (const name of [segmentName(segment), compressedName(segment)])
      await rm(join(this.#options.directory, name), { force: true });
  }

  async #stopCompressing(): Promise<void> {
    const stopped = this.#stopped;
    this.#stopped = true;
    await this.#compressing;
    this.#stopped = stopped;
  }

  async #compressAll(): Promise<void> {
    const { directory, instruments, logger } = this.#options;
    const failed = new Set<number>();
    for (let file = this.#nextPlain(failed); file && !this.#stopped; file = this.#nextPlain(failed)) {
      const { segment, lastWriteMs } = file;
      this.#current = segment;
      try {
        const bytes = await compressSegment(directory, file, () => this.#stopped);
        if (bytes === undefined) return;
        this.#files.set(segment, { bytes, compressed: true, lastWriteMs });
      } catch (error) {
        instruments.inc(collectorJournalCompressErrors, {});
        if (!this.#failing)
          logger.error(
            { segment, error: (error as Error).message },
            'a segment of the journal could not be compressed and stays as it is: free or repair the disk',
          );
        this.#failing = true;
        failed.add(segment);
        if (isFull(error)) return;
        // One that the disk cannot read any more must not keep the others large.
      }
    }
    this.#failing = failed.size > 0;
  }

  /** The oldest closed segment that is not compressed and has not failed to be. */
  #nextPlain(failed: ReadonlySet<number>): SegmentFile | undefined {
    for (const [segment, file] of this.#files) {
      if (file.compressed || file.bytes === 0 || failed.has(segment)) continue;
      if (segment !== this.#open && segment >= this.#deleting) return { segment, ...file };
    }
    return undefined;
  }

  #expose(): void {
    const { instruments } = this.#options;
    let bytes = 0;
    for (const files of [this.#files, this.#left]) for (const file of files.values()) bytes += file.bytes;
    instruments.set(collectorJournalDisk, {}, bytes);
    instruments.set(collectorJournalSegments, {}, this.#files.size + this.#left.size);
  }

  async #exposeOldest(): Promise<void> {
    const source = this.oldest === undefined ? undefined : await this.read(this.oldest);
    if (source === undefined) return;
    try {
      const timeMs = await beganAt(source);
      if (timeMs !== undefined) this.#options.instruments.set(collectorJournalOldest, {}, timeMs / 1_000);
    } finally {
      await source.close();
    }
  }
}
