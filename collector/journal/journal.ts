/**
 * The journal: every accepted event, in segment files, on disk before it is answered and before it counts.
 *
 * One group commit (one write, one fdatasync) is under way at a time; what arrives meanwhile forms the next group. A
 * collector always starts a new segment and never writes to one it has not created.
 */
import { mkdir } from 'node:fs/promises';
import {
  collectorJournalBytes,
  collectorJournalErrors,
  collectorJournalSync,
} from '../catalogue/collector-metrics.ts';
import {
  type ChainEnd,
  encodeLink,
  encodeSeal,
  type Hash,
  hashOfBlock,
  type Link,
  NO_HASH,
} from './chain.ts';
import { CommitWatch } from './commit-watch.ts';
import { FolderLock } from './lock.ts';
import { type JournalRecord, type OnDamage, readRecords } from './records.ts';
import type { Position } from './segment.ts';
import { SegmentWriter } from './segment-writer.ts';
import { Segments, type SegmentsOptions } from './segments.ts';

export interface JournalOptions extends SegmentsOptions {
  /** A segment that has reached this is followed by a new one. */
  readonly segmentBytes: number;
  /** Bytes that may wait for their commit. */
  readonly queueBytes: number;
  /** A commit that takes longer is given up by those who wait for it; the journal fails until it comes back. */
  readonly commitSeconds?: number;
}

export type { JournalRecord } from './records.ts';

/** As many bytes wait for their commit as may. */
export class JournalBusy extends Error {}

interface Waiting {
  /** Empty when all that is wanted is a commit. */
  readonly entry: Buffer;
  readonly committed: (position: Position) => void;
  readonly failed: (error: Error) => void;
}

/** Bounds how long applying one group keeps the event loop. */
const GROUP_BYTES = 4 * 1024 * 1024;
const COMMIT_SECONDS = 5;
const STALLED = 'the disk does not answer';
const RETRY_MS = 1_000;
/** How often retention by age and failed compressions are looked after. */
const UPKEEP_MS = 60_000;
/** How often the latest hash is logged at least. */
const ANCHOR_MS = 3_600_000;
/** A segment is closed at this share of the retention at the latest, so that it can go in time. */
const SEGMENT_AGE_SHARE = 1 / 30;
const READ_ONE_BYTES = 64 * 1024;

const samePlace = (a: Position, b: Position) => a.segment === b.segment && a.offset === b.offset;
const nothing = Buffer.alloc(0);

export class Journal {
  readonly #options: JournalOptions;
  readonly #now: () => number;
  readonly #segments: Segments;
  readonly #lock: FolderLock;
  /** Undefined when the next commit has to start a segment. */
  #writer: SegmentWriter | undefined;
  #writerSinceMs = 0;
  #nextSegment: number;
  /** Where the chain stands; undefined before the first commit of a new journal. */
  #chain: ChainEnd | undefined;
  #hash: Hash;
  #end: Position;
  #queue: Waiting[] = [];
  /** What is being committed. */
  #group: readonly Waiting[] = [];
  readonly #watch: CommitWatch;
  #queuedBytes = 0;
  #committing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #timers: readonly NodeJS.Timeout[] = [];
  #pruning: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #listeners = new Set<(end: Position) => void>();

  private constructor(
    options: JournalOptions,
    lock: FolderLock,
    segments: Segments,
    chain: ChainEnd | undefined,
    next: number,
  ) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { commitSeconds = COMMIT_SECONDS } = options;
    this.#watch = new CommitWatch(commitSeconds * 1_000, () => this.#giveUpWaiting());
    this.#lock = lock;
    this.#segments = segments;
    this.#chain = chain;
    this.#hash = chain ? Buffer.from(chain.hash, 'hex') : NO_HASH;
    this.#nextSegment = next;
    this.#end = { segment: next, offset: 0 };
  }

  /**
   * Opens the journal of a folder and starts a segment, numbered behind all there are and behind `after`. Throws when
   * another process still has it open after `patienceMs`, or when the folder or the disk does not take a segment.
   */
  static async open(options: JournalOptions, after?: Position, patienceMs?: number): Promise<Journal> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const lock = await FolderLock.take(options.directory, patienceMs);
    try {
      const segments = await Segments.open(options);
      const chain = await segments.chainEnd();
      const next = Math.max(segments.numbers.at(-1) ?? 0, after?.segment ?? 0) + 1;
      const journal = new Journal(options, lock, segments, chain, next);
      await journal.#start();
      return journal;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Behind the last record that is on disk and applied. */
  get end(): Position {
    return this.#end;
  }

  /** Where the oldest record that is kept stands; what was before is deleted. */
  get start(): Position {
    return { segment: this.#segments.oldest ?? this.#end.segment, offset: 0 };
  }

  /** The latest hash of the chain: kept elsewhere, it proves later that nothing before it was changed. */
  get chainEnd(): ChainEnd | undefined {
    return this.#chain;
  }

  /** Whether the last commit failed or does not come back, and the disk has not taken one since. */
  get failing(): boolean {
    return this.#retry !== undefined || this.#watch.stalled;
  }

  /**
   * Puts a record on disk, then calls `apply` with where it starts, in the order of the journal and in the turn in
   * which `end` moves behind the record. Rejects when the disk does not take it, and it is then not applied.
   */
  append<T>(record: Buffer, apply: (position: Position) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the journal is closed'));
    if (this.#watch.stalled) return Promise.reject(new Error(STALLED));
    // One record always has room, or one that is larger than the bound could never be written.
    if (this.#queuedBytes > 0 && this.#queuedBytes + record.length > this.#options.queueBytes)
      return Promise.reject(new JournalBusy());
    return this.#append(record, apply);
  }

  /** The records from a position to the end as it is now, oldest first; damage is passed over and told. */
  read(from?: Position, onDamage?: OnDamage, readBytes?: number): AsyncGenerator<JournalRecord> {
    const segments = this.#segments;
    const range = { from, end: this.#end };
    return readRecords(segments.numbers, (segment) => segments.read(segment), range, onDamage, readBytes);
  }

  /** The record that starts at a position; undefined when retention has deleted it, or what stands there is damaged. */
  async readAt(position: Position): Promise<JournalRecord | undefined> {
    for await (const record of this.read(position, undefined, READ_ONE_BYTES))
      return samePlace(record.position, position) ? record : undefined;
    return undefined;
  }

  /**
   * Calls a listener after each group commit, when its records are on disk and applied, with where the journal ends
   * now: what stands before that may be read. It must not throw. Returns a function that ends it.
   */
  onCommit(listener: (end: Position) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told that a snapshot holds everything before a position, deletes what retention no longer wants of that. */
  covered({ segment }: Position): Promise<void> {
    this.#segments.covered(segment);
    return this.#prune();
  }

  /** Waits for what is queued and closes the segment. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#pruning.catch(() => {});
    await this.#committing;
    clearInterval(this.#retry);
    await this.#segments.close();
    await this.#writer?.close();
    this.#writer = undefined;
    this.#lock.release();
    this.#logChain('the journal is closed');
  }

  async #start(): Promise<void> {
    try {
      await this.#commit([]);
    } catch (error) {
      await this.#writer?.abandon();
      throw error;
    }
    this.#logChain('the journal is open');
    this.#segments.compress();
    this.#timers = [
      setInterval(() => this.#upkeep(), UPKEEP_MS).unref(),
      setInterval(() => this.#logChain('the journal goes on'), ANCHOR_MS).unref(),
    ];
  }

  #upkeep(): void {
    this.#segments.compress();
    this.#prune().catch((error: Error) =>
      this.#options.logger.error({ error: error.message }, 'old segments of the journal cannot be deleted'),
    );
  }

  #append<T>(entry: Buffer, apply: (position: Position) => T): Promise<T> {
    this.#queuedBytes += entry.length;
    return new Promise<T>((resolve, reject) => {
      const committed = (position: Position) => {
        try {
          resolve(apply(position));
        } catch (error) {
          reject(error);
        }
      };
      this.#queue.push({ entry, committed, failed: reject });
      this.#committing ??= this.#commitQueue();
    });
  }

  async #commitQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#group = this.#takeGroup();
      const group = this.#group;
      this.#watch.begin();
      try {
        await this.#commit(group);
        if (this.#watch.end()) this.#options.logger.info('the disk of the journal answers again');
        this.#recovered();
      } catch (error) {
        this.#watch.end();
        await this.#failed(error as Error);
        for (const { failed } of group) failed(error as Error);
      }
    }
    this.#group = [];
    this.#committing = undefined;
  }

  /**
   * Lets go of everyone who waits. What is under way may yet come to the disk: it counts then, and is a duplicate when
   * it is sent again.
   */
  #giveUpWaiting(): void {
    const { instruments, logger } = this.#options;
    instruments.inc(collectorJournalErrors, {});
    logger.error(
      'a commit of the journal does not come back, so events are refused with 503: repair the disk of the data directory',
    );
    const waiting = [...this.#group, ...this.#queue.splice(0)];
    this.#queuedBytes = 0;
    for (const { failed } of waiting) failed(new Error(STALLED));
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < GROUP_BYTES) bytes += this.#queue[count++]!.entry.length;
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  /** Writes a block: the entries of a group and the seal over them, behind a link where a segment begins. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const started = performance.now();
    const writer = await this.#currentWriter();
    const entries = group.map(({ entry }) => entry);
    let offset = writer.bytes;
    if (offset === 0) {
      const link = encodeLink(this.#link(writer.segment));
      entries.unshift(link);
      offset = link.length;
    }
    const hash = hashOfBlock(this.#hash, entries);
    const before = writer.bytes;
    await writer.commit([...entries, encodeSeal(hash)]);
    this.#hash = hash;
    this.#chain = { segment: writer.segment, bytes: writer.bytes, hash: hash.toString('hex') };
    const { instruments } = this.#options;
    instruments.inc(collectorJournalBytes, {}, writer.bytes - before);
    instruments.observe(collectorJournalSync, {}, (performance.now() - started) / 1_000);
    this.#segments.grew(writer.segment, writer.bytes);
    for (const { entry, committed } of group) {
      const position = { segment: writer.segment, offset };
      offset += entry.length;
      this.#end = { segment: writer.segment, offset };
      committed(position);
    }
    this.#end = { segment: writer.segment, offset: writer.bytes };
    for (const listener of this.#listeners) listener(this.#end);
  }

  async #currentWriter(): Promise<SegmentWriter> {
    const { directory, segmentBytes, retentionSeconds } = this.#options;
    const tooOldMs = retentionSeconds * 1_000 * SEGMENT_AGE_SHARE;
    const full =
      this.#writer !== undefined &&
      (this.#writer.bytes >= segmentBytes || this.#now() - this.#writerSinceMs >= tooOldMs);
    if (full) {
      await this.#leaveWriter((writer) => writer.close());
      this.#logChain('a segment of the journal is closed');
      this.#segments.compress();
    }
    if (this.#writer === undefined) {
      this.#writer = await SegmentWriter.create(directory, this.#nextSegment);
      this.#nextSegment = this.#writer.segment + 1;
      this.#writerSinceMs = this.#now();
    }
    return this.#writer;
  }

  async #leaveWriter(leave: (writer: SegmentWriter) => Promise<void>): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#segments.closed();
    if (writer) await leave(writer);
  }

  #link(segment: number): Link {
    const link = { timeMs: this.#now(), oldest: this.#segments.oldest ?? segment, segment };
    return this.#chain ? { ...link, previous: this.#chain } : link;
  }

  async #failed(error: Error): Promise<void> {
    const { instruments, logger } = this.#options;
    instruments.inc(collectorJournalErrors, {});
    await this.#leaveWriter((writer) => writer.abandon());
    if (this.failing) return;
    logger.error(
      { error: error.message },
      'the journal cannot be written, so events are refused with 503: free or repair the disk of the data directory',
    );
    // Nobody may send while the collector is not ready, so it has to find out by itself.
    this.#retry = setInterval(() => void this.append(nothing, () => {}).catch(() => {}), RETRY_MS).unref();
  }

  #recovered(): void {
    if (!this.failing) return;
    clearInterval(this.#retry);
    this.#retry = undefined;
    this.#options.logger.info('the journal can be written again');
  }

  #prune(): Promise<void> {
    this.#pruning = this.#pruning.catch(() => {}).then(() => this.#pruneNow());
    return this.#pruning;
  }

  /** What was deleted by retention is said in the chain first, so that it is not taken for the work of others. */
  async #pruneNow(): Promise<void> {
    const oldest = this.#segments.due;
    if (oldest === undefined || this.#closed) return;
    // A full disk must not stop the deletion that would free it: then the next segment's link says it.
    await this.#append(encodeLink({ timeMs: this.#now(), oldest }), () => {}).catch(() => {});
    await this.#segments.deleteBefore(oldest);
  }

  /** For the hash to be kept where who changes the journal cannot change it: wherever logs go. */
  #logChain(what: string): void {
    this.#options.logger.info({ chain: this.#chain }, what);
  }
}
