/**
 * One commit at a time; what arrives while it is under way forms the next group and shares one. The first waits for the
 * end of the turn, in which others often arrive: alone, it would keep them waiting for a whole commit.
 */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { collectorJournalErrors } from '../catalogue/collector-metrics.ts';
import type { Instruments } from '../instruments.ts';
import type { Block } from './block-writer.ts';
import { CommitWatch } from './commit-watch.ts';
import type { Position } from './segment.ts';

export interface GroupCommitOptions {
  /** Bytes that may wait for their commit. */
  readonly queueBytes: number;
  /** A commit that takes longer is given up by those who wait for it; the journal fails until it comes back. */
  readonly commitSeconds?: number;
  readonly instruments: Instruments;
  readonly logger: Logger;
}

/** Puts entries on disk. */
export interface Writing {
  write(entries: readonly Buffer[]): Promise<Block>;
  /** Called after a failure, before the next write. */
  abandon(): Promise<void>;
}

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
const nothing = Buffer.alloc(0);

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #writing: Writing;
  readonly #watch: CommitWatch;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  /** What is being committed. */
  #group: readonly Waiting[] = [];
  #committing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #end: Position;
  readonly #listeners = new Set<(end: Position) => void>();

  constructor(options: GroupCommitOptions, writing: Writing, end: Position) {
    this.#options = options;
    this.#writing = writing;
    this.#end = end;
    const { commitSeconds = COMMIT_SECONDS } = options;
    this.#watch = new CommitWatch(commitSeconds * 1_000, () => this.#giveUpWaiting());
  }

  /** Behind the last entry that is on disk and applied. */
  get end(): Position {
    return this.#end;
  }

  /** Whether the last commit failed or does not come back, and the disk has not taken one since. */
  get failing(): boolean {
    return this.#retry !== undefined || this.#watch.stalled;
  }

  /** Makes a first commit, of nothing: rejects when the disk does not take one. */
  async begin(): Promise<void> {
    this.#apply([], await this.#writing.write([]));
  }

  /** Commits an entry, then calls `apply` with where it starts. Rejects at once when too much waits. */
  append<T>(entry: Buffer, apply: (position: Position) => T): Promise<T> {
    if (this.#watch.stalled) return Promise.reject(new Error(STALLED));
    // One entry always has room, or one that is larger than the bound could never be written.
    if (this.#queuedBytes > 0 && this.#queuedBytes + entry.length > this.#options.queueBytes)
      return Promise.reject(new JournalBusy());
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

  /** Calls a listener after each commit, when its entries are applied. Returns a function that ends it. */
  onCommit(listener: (end: Position) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for what is queued; nothing may be appended any more. */
  async close(): Promise<void> {
    await this.#committing;
    clearInterval(this.#retry);
  }

  async #commitQueue(): Promise<void> {
    await endOfTurn();
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      this.#group = group;
      this.#watch.begin();
      try {
        this.#apply(group, await this.#writing.write(group.map(({ entry }) => entry)));
        if (this.#watch.end()) this.#options.logger.info('the disk of the journal answers again');
        this.#recovered();
      } catch (error) {
        await this.#failed(error as Error);
        for (const { failed } of group) failed(error as Error);
      }
    }
    this.#group = [];
    this.#committing = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < GROUP_BYTES) bytes += this.#queue[count++]!.entry.length;
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #apply(group: readonly Waiting[], { segment, first, end }: Block): void {
    let offset = first;
    for (const { entry, committed } of group) {
      const position = { segment, offset };
      offset += entry.length;
      this.#end = { segment, offset };
      committed(position);
    }
    this.#end = { segment, offset: end };
    for (const listener of this.#listeners) listener(this.#end);
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

  async #failed(error: Error): Promise<void> {
    const { instruments, logger } = this.#options;
    instruments.inc(collectorJournalErrors, {});
    await this.#writing.abandon();
    // Not before: leaving a file behind may hang as well as writing it.
    this.#watch.end();
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
}
