/**
 * The journal: every accepted event, in segment files, on disk before it is answered and before it counts.
 *
 * One group commit (one write, which comes back when it is on disk) is under way at a time; what arrives meanwhile forms
 * the next group. A collector always starts a new segment and never writes to one it has not created.
 */
import { mkdir } from 'node:fs/promises';
import { collectorJournalDeleteErrors } from '../catalogue/collector-metrics.ts';
import { BlockWriter, type BlockWriterOptions } from './block-writer.ts';
import { type ChainEnd, encodeLink } from './chain.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { FolderLock } from './lock.ts';
import { type JournalRecord, type OnDamage, readRecords } from './records.ts';
import type { Position } from './segment.ts';
import { Segments, type SegmentsOptions } from './segments.ts';

export type JournalOptions = SegmentsOptions & BlockWriterOptions & GroupCommitOptions;

export { JournalBusy } from './group-commit.ts';
export type { JournalRecord } from './records.ts';

/** How often retention by age and failed compressions are looked after. */
const UPKEEP_MS = 60_000;
/** How often the latest hash is logged at least. */
const ANCHOR_MS = 3_600_000;
const READ_ONE_BYTES = 64 * 1024;

const samePlace = (a: Position, b: Position) => a.segment === b.segment && a.offset === b.offset;

export class Journal {
  readonly #options: JournalOptions;
  readonly #segments: Segments;
  readonly #lock: FolderLock;
  readonly #blocks: BlockWriter;
  readonly #commits: GroupCommit;
  #timers: readonly NodeJS.Timeout[] = [];
  #pruning: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    options: JournalOptions,
    lock: FolderLock,
    segments: Segments,
    chain: ChainEnd | undefined,
    next: number,
  ) {
    this.#options = options;
    this.#lock = lock;
    this.#segments = segments;
    this.#blocks = new BlockWriter(options, segments, chain, next, () => {
      this.#logChain('a segment of the journal is closed');
      segments.compress();
    });
    this.#commits = new GroupCommit(options, this.#blocks, { segment: next, offset: 0 });
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
    return this.#commits.end;
  }

  /** Where the oldest record that is kept stands; what was before is deleted. */
  get start(): Position {
    return { segment: this.#segments.oldest ?? this.end.segment, offset: 0 };
  }

  /** The latest hash of the chain: kept elsewhere, it proves later that nothing before it was changed. */
  get chainEnd(): ChainEnd | undefined {
    return this.#blocks.chainEnd;
  }

  /** Whether the last commit failed or does not come back, and the disk has not taken one since. */
  get failing(): boolean {
    return this.#commits.failing;
  }

  /**
   * Puts a record on disk, then calls `apply` with where it starts, in the order of the journal and in the turn in
   * which `end` moves behind the record. Rejects when the disk does not take it, and it is then not applied.
   */
  append<T>(record: Buffer, apply: (position: Position) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the journal is closed'));
    return this.#commits.append(record, apply);
  }

  /** The records from a position to the end as it is now, oldest first; damage is passed over and told. */
  read(from?: Position, onDamage?: OnDamage, readBytes?: number): AsyncGenerator<JournalRecord> {
    const segments = this.#segments;
    const range = { from, end: this.end };
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
    return this.#commits.onCommit(listener);
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
    await this.#pruning;
    await this.#commits.close();
    await this.#segments.close();
    await this.#blocks.close();
    this.#lock.release();
    this.#logChain('the journal is closed');
  }

  async #start(): Promise<void> {
    try {
      await this.#commits.begin();
    } catch (error) {
      await this.#blocks.abandon();
      throw error;
    }
    this.#logChain('the journal is open');
    // What was left to be compressed waits for the upkeep: a start has better use for the processor.
    this.#timers = [
      setInterval(() => this.#upkeep(), UPKEEP_MS).unref(),
      setInterval(() => this.#logChain('the journal goes on'), ANCHOR_MS).unref(),
    ];
  }

  #upkeep(): void {
    this.#segments.compress();
    void this.#prune();
  }

  /** Tried again with the next snapshot, and once a minute. */
  #prune(): Promise<void> {
    const { instruments, logger } = this.#options;
    this.#pruning = this.#pruning
      .then(() => this.#pruneNow())
      .catch((error: Error) => {
        instruments.inc(collectorJournalDeleteErrors, {});
        logger.error({ error: error.message }, 'old segments of the journal cannot be deleted');
      });
    return this.#pruning;
  }

  /** What was deleted by retention is said in the chain first, so that it is not taken for the work of others. */
  async #pruneNow(): Promise<void> {
    const oldest = this.#segments.due;
    if (oldest === undefined || this.#closed) return;
    const { now = Date.now } = this.#options;
    // A full disk must not stop the deletion that would free it: then the next segment's link says it.
    await this.#commits.append(encodeLink({ timeMs: now(), oldest }), () => {}).catch(() => {});
    await this.#segments.deleteBefore(oldest);
  }

  /** For the hash to be kept where who changes the journal cannot change it: wherever logs go. */
  #logChain(what: string): void {
    this.#options.logger.info({ chain: this.chainEnd }, what);
  }
}
