/**
 * The index of ended sessions: behind the journal, never in the way of an answer, never the record of truth.
 *
 * Open sessions are in memory. One that ends is queued here and written by a thread of its own, with what the journal
 * position says: all that ended before it is in. A snapshot waits for that, so a collector that is killed tells again,
 * from its snapshot on, what the index has not got; one that waited in vain says so. Where that does not hold (the file is missing, damaged, of another
 * version, or more ended than may wait), the index is made anew from the journal while everything else goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import {
  collectorEvictions,
  collectorIndexErrors,
  collectorIndexLag,
  collectorIndexRebuilds,
  type RebuildReason,
} from '../catalogue/collector-metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import type { Journal } from '../journal/journal.ts';
import { isBefore, type Position } from '../journal/segment.ts';
import type { Finding } from '../process/finding.ts';
import type { Session } from '../process/session.ts';
import { giveBackMemory } from './give-back.ts';
import { IndexQueue } from './index-queue.ts';
import { IndexError, IndexThread } from './index-thread.ts';
import type { IndexCalls } from './protocol.ts';
import { recordOf } from './session-record.ts';

export interface IndexParts {
  readonly config: CollectorConfig;
  readonly instruments: Instruments;
  readonly journal: Pick<Journal, 'start' | 'end'>;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The state was restored as of here, so what ended before is not told again; undefined when all is. */
  readonly restored: Position | undefined;
  /** Some of what ended before then was not in the index when the state was saved. */
  readonly lacking: boolean;
}

const WRITE_EVERY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
/** Made anew a tenth of the time at most. */
const PAUSES_PER_REBUILD = 9;
/** So few wait when no flood is under way. */
const CALM = 1_000;
/** How long a snapshot waits for the index. */
const SETTLE_MS = 5_000;
/** How long the end of the collector does. */
const CLOSE_MS = 10_000;
/** How long a page does. */
const PATIENCE_MS = 10_000;
/** Pages that may wait for it at once. */
const QUERIES = 32;

export class AuditIndex {
  readonly #parts: IndexParts;
  readonly #thread: IndexThread;
  readonly #queue = new IndexQueue();
  readonly #timer: NodeJS.Timeout;
  #turn: Promise<void> | undefined;
  #opened = false;
  /** How many sessions and findings it has been told of. */
  #told = 0;
  /** Everything that ended before this, and the first so many that it was told of, are in the index. */
  #written: { readonly end: Position; readonly told: number } | undefined;
  #mayRebuild = false;
  /** Why the index has to be made anew, or just is. */
  #rebuild: RebuildReason | undefined;
  /** Since when it lacks more than what waits to be written. */
  #lackingSinceMs = performance.now();
  #rebuilding = false;
  #rebuildAtMs = 0;
  #failure: string | undefined;
  #failures = 0;
  #retryAtMs = 0;
  #closed = false;

  constructor(parts: IndexParts) {
    this.#parts = parts;
    this.#thread = new IndexThread(parts.config);
    this.#timer = setInterval(() => this.#next(), WRITE_EVERY_MS).unref();
    parts.instruments.beforeScrape(() => parts.instruments.set(collectorIndexLag, {}, this.#lagSeconds));
    this.#next();
  }

  /** Takes a session that has ended, or an ended one of which something came late. */
  addSession(session: Session): void {
    this.#told++;
    this.#overflowed(this.#queue.addSession(session));
  }

  /** Takes a finding that was made or changed. */
  addFinding(finding: Finding): void {
    this.#told++;
    this.#overflowed(this.#queue.addFinding(finding));
  }

  /** Lets it read the whole journal if it has to; before, the collector's own start has the disk and the cores. */
  allowRebuild(): void {
    this.#mayRebuild = true;
    this.#next();
  }

  /** Ended sessions that may not be in the index yet. */
  get waiting(): readonly Session[] {
    return this.#queue.sessions;
  }

  /** What is wrong with the index, as a sentence without its capital and its stop; undefined when it is whole. */
  get trouble(): string | undefined {
    if (this.#failure !== undefined)
      return `the index of ended sessions cannot be used (${this.#failure}): only sessions that are open or ended recently are shown until it can`;
    if (!this.#opened) return 'the index of ended sessions is still being opened: reload in a moment';
    if (this.#rebuild !== undefined)
      return 'the index of ended sessions is being made from the journal: some that have ended are missing here until that is done';
    return undefined;
  }

  /** Asks the index. Throws an IndexError when it cannot answer, or not soon. */
  ask<N extends 'search' | 'find' | 'findings'>(name: N, ...given: Parameters<IndexCalls[N]>) {
    if (this.#thread.pending >= QUERIES)
      return Promise.reject(new IndexError('too many pages are waiting for it', false));
    const answer = this.#thread.call(name, ...given);
    answer.catch((error: IndexError) => this.#complained(error));
    const late = new IndexError(`it did not answer within ${PATIENCE_MS / 1_000} s`, false);
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(reject, PATIENCE_MS, late).unref();
    return Promise.race([answer, promise]).finally(() => clearTimeout(timer));
  }

  /** Waits, not for long, until all that has ended so far is in the index and on disk; false when it is not. */
  async settle(patienceMs = SETTLE_MS): Promise<boolean> {
    const { end } = this.#parts.journal;
    // Sessions also end of silence, while the journal stays where it is.
    const told = this.#told;
    const deadline = sleep(patienceMs, true, { ref: false });
    let late = false;
    while (!late && !this.#reached(end, told)) {
      if (this.#failure !== undefined || this.#rebuild !== undefined) return false;
      late = (await Promise.race([this.#next(true), deadline])) === true;
    }
    const syncing = this.#thread.call('sync').then(
      () => true,
      () => false,
    );
    const synced = await Promise.race([syncing, deadline.then(() => false)]);
    return synced && this.#reached(end, told);
  }

  /** Writes what is waiting, if it can, and lets go of the file. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.settle(CLOSE_MS);
    this.#closed = true;
    await this.#thread.close();
  }

  get #lagSeconds(): number {
    const lacking = !this.#opened || this.#rebuild !== undefined;
    const since = lacking ? this.#lackingSinceMs : this.#queue.sinceMs;
    return since === undefined ? 0 : (performance.now() - since) / 1_000;
  }

  #reached(end: Position, told: number): boolean {
    return this.#written !== undefined && !isBefore(this.#written.end, end) && this.#written.told >= told;
  }

  #overflowed(dropped: number): void {
    if (dropped === 0) return;
    this.#parts.instruments.inc(collectorEvictions, { table: 'index' }, dropped);
    this.#needRebuild('overflow');
  }

  #needRebuild(reason: RebuildReason): void {
    if (this.#rebuild === undefined && this.#opened) this.#lackingSinceMs = performance.now();
    this.#rebuild ??= reason;
  }

  /** Does what is due, one thing at a time: opens, writes what waits, or else, if told to, only how far it is. */
  #next(always = false): Promise<void> {
    if (this.#rebuild !== undefined) void this.#makeAnew();
    if (this.#turn !== undefined) return this.#turn;
    if (performance.now() < this.#retryAtMs) return Promise.resolve();
    if (this.#opened && this.#queue.size === 0 && !always) return Promise.resolve();
    const act = this.#opened ? this.#write() : this.#open();
    this.#turn = act
      .then(() => this.#recovered())
      .catch((error: IndexError) => this.#failed(error))
      .finally(() => {
        this.#turn = undefined;
        if (this.#queue.size > 0) this.#next();
      });
    return this.#turn;
  }

  async #open(): Promise<void> {
    const { journal, restored, lacking } = this.#parts;
    // Sessions that fell silent while the journal stood still are behind no position.
    const reason =
      (await this.#thread.call('open', restored, journal.end)) ?? (lacking ? 'behind' : undefined);
    if (reason !== undefined) this.#needRebuild(reason);
    this.#opened = true;
  }

  async #write(): Promise<void> {
    const { journal, instruments } = this.#parts;
    const taken = this.#queue.take();
    const sessions = Array.from(taken.sessions, recordOf);
    const findings = [...taken.findings.values()];
    const { end } = journal;
    const told = this.#told;
    const complete = this.#queue.size === 0 && this.#rebuild === undefined;
    const oldestSegment = journal.start.segment;
    try {
      const evicted = await this.#thread.call('write', {
        sessions,
        findings,
        end,
        oldestSegment,
        complete,
      });
      if (evicted > 0) instruments.inc(collectorEvictions, { table: 'index' }, evicted);
    } catch (error) {
      this.#queue.putBack();
      throw error;
    }
    this.#queue.done();
    if (complete) this.#written = { end, told };
  }

  async #makeAnew(): Promise<void> {
    if (!this.#opened || !this.#mayRebuild || this.#rebuilding || performance.now() < this.#rebuildAtMs)
      return;
    // While they come faster than they can be written, it would not be whole afterwards either.
    if (this.#rebuild === 'overflow' && this.#queue.size > CALM) return;
    const { journal, instruments, logger, now } = this.#parts;
    const reason = this.#rebuild as RebuildReason;
    const { dropped } = this.#queue;
    const startedMs = performance.now();
    this.#rebuilding = true;
    instruments.inc(collectorIndexRebuilds, { reason });
    logger.info({ reason }, 'the index of ended sessions is being made from the journal');
    try {
      // Its thread holds as many sessions as the collector may, beside what a flood may just have left here.
      await giveBackMemory();
      await this.#thread.call('rebuild', journal.end, now());
      this.#rebuild = dropped === this.#queue.dropped ? undefined : 'overflow';
      this.#recovered();
      const durationMs = performance.now() - startedMs;
      this.#rebuildAtMs = performance.now() + PAUSES_PER_REBUILD * durationMs;
      const seconds = durationMs / 1_000;
      logger.info({ seconds }, 'the index of ended sessions has been made from the journal');
    } catch (error) {
      this.#rebuildAtMs = performance.now() + LONGEST_RETRY_MS;
      this.#failed(error as IndexError);
    }
    this.#rebuilding = false;
  }

  /** The index said what is wrong with it. */
  #complained(error: IndexError): void {
    this.#parts.instruments.inc(collectorIndexErrors, {});
    if (error.damaged) this.#needRebuild('damaged');
  }

  #failed(error: IndexError): void {
    // Such as a rebuild, which the next start begins anew.
    if (this.#closed) return;
    this.#complained(error);
    if (this.#failure === undefined)
      this.#parts.logger.error(
        { error: error.message },
        'the index of ended sessions cannot be used; events are taken all the same, and it is brought up to date later',
      );
    this.#failure = error.message;
    this.#retryAtMs = performance.now() + Math.min(WRITE_EVERY_MS * 2 ** this.#failures++, LONGEST_RETRY_MS);
  }

  #recovered(): void {
    if (this.#failure !== undefined) this.#parts.logger.info('the index of ended sessions can be used again');
    this.#failure = undefined;
    this.#failures = 0;
    this.#retryAtMs = 0;
  }
}
