/**
 * The journal: every accepted event, in segment files, on disk before it is answered and before it counts.
 *
 * One group commit (one write, one fdatasync) is under way at a time; what arrives meanwhile forms the next group. A
 * collector always starts a new segment and never writes to one it has not created, so that two that were given the
 * same folder by mistake cannot overwrite each other's events.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import {
  collectorJournalBytes,
  collectorJournalErrors,
  collectorJournalSync,
} from '../catalogue/collector-metrics.ts';
import type { Instruments } from '../instruments.ts';
import { type Batch, decodeRecord, encodeRecord } from './record.ts';
import { type Damage, listSegments, type Position, readSegment, segmentName } from './segment.ts';
import { SegmentWriter } from './segment-writer.ts';

export interface JournalOptions {
  readonly directory: string;
  /** A segment that has reached this is followed by a new one. */
  readonly segmentBytes: number;
  /** Above this in all segments, the oldest that a snapshot covers are deleted. */
  readonly retentionBytes: number;
  /** Bytes that may wait for their commit. */
  readonly queueBytes: number;
  readonly instruments: Instruments;
  readonly logger: Logger;
}

export interface JournalRecord extends Batch {
  /** Where the record starts. */
  readonly position: Position;
  /** Where it ends: reading goes on from here. */
  readonly end: Position;
}

/** As many bytes wait for their commit as may. */
export class JournalBusy extends Error {}

interface Waiting {
  readonly record: Buffer;
  readonly committed: (position: Position) => void;
  readonly failed: (error: Error) => void;
}

/** Bounds how long applying one group keeps the event loop. */
const GROUP_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1_000;

const samePlace = (a: Position, b: Position) => a.segment === b.segment && a.offset === b.offset;

/** A record without events: shows whether the disk takes one. */
const probe = () => encodeRecord({ receivedMs: 0, sourceKind: '', events: [] });

export class Journal {
  readonly #options: JournalOptions;
  /** Bytes of each segment, oldest first. */
  readonly #segments = new Map<number, number>();
  /** Undefined when the next commit has to start a segment. */
  #writer: SegmentWriter | undefined;
  #nextRecord: number;
  #end: Position;
  #coveredSegment = 0;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #committing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #listeners = new Set<(end: Position) => void>();

  private constructor(options: JournalOptions, nextRecord: number) {
    this.#options = options;
    this.#nextRecord = nextRecord;
    this.#end = { segment: nextRecord, offset: 0 };
  }

  /**
   * Opens the journal of a folder and starts a segment, numbered behind all there are and behind `after`. Throws when
   * the folder or the disk does not take one.
   */
  static async open(options: JournalOptions, after?: Position): Promise<Journal> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const segments = await listSegments(options.directory);
    const last = segments.at(-1);
    let nextRecord = 1;
    if (last !== undefined) {
      let records = 0;
      for await (const { record } of readSegment(options.directory, last.first, 0)) if (record) records++;
      nextRecord = last.first + Math.max(records, 1);
    }
    const journal = new Journal(options, Math.max(nextRecord, (after?.segment ?? 0) + 1));
    for (const { first, bytes } of segments) journal.#segments.set(first, bytes);
    try {
      await journal.#commit([{ record: probe(), committed: () => {}, failed: () => {} }]);
      return journal;
    } catch (error) {
      await journal.#writer?.abandon();
      throw error;
    }
  }

  /** Behind the last record that is on disk and applied. */
  get end(): Position {
    return this.#end;
  }

  /** Where the oldest record that is kept stands; what was before is deleted. */
  get start(): Position {
    const [segment = this.#end.segment] = this.#segments.keys();
    return { segment, offset: 0 };
  }

  /** Whether the last commit failed and the disk has not taken one since. */
  get failing(): boolean {
    return this.#retry !== undefined;
  }

  /**
   * Puts a record on disk, then calls `apply` with where it starts, in the order of the journal and in the turn in
   * which `end` moves behind the record. Rejects when the disk does not take it, and it is then not applied.
   */
  append<T>(record: Buffer, apply: (position: Position) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the journal is closed'));
    // One record always has room, or one that is larger than the bound could never be written.
    if (this.#queuedBytes > 0 && this.#queuedBytes + record.length > this.#options.queueBytes)
      return Promise.reject(new JournalBusy());
    this.#queuedBytes += record.length;
    return new Promise<T>((resolve, reject) => {
      const committed = (position: Position) => {
        try {
          resolve(apply(position));
        } catch (error) {
          reject(error);
        }
      };
      this.#queue.push({ record, committed, failed: reject });
      this.#committing ??= this.#commitQueue();
    });
  }

  /** The records from a position to the end as it is now, oldest first; damage is passed over and told. */
  async *read(
    from?: Position,
    onDamage?: (segment: number, damage: Damage) => void,
  ): AsyncGenerator<JournalRecord> {
    const { directory } = this.#options;
    const end = this.#end;
    for (const segment of [...this.#segments.keys()]) {
      if (segment < (from?.segment ?? 0) || segment > end.segment || !this.#segments.has(segment)) continue;
      let offset = segment === from?.segment ? from.offset : 0;
      const to = segment === end.segment ? end.offset : undefined;
      try {
        for await (const { record, damage, end: next } of readSegment(directory, segment, offset, to)) {
          if (record)
            yield {
              ...decodeRecord(record),
              position: { segment, offset },
              end: { segment, offset: next },
            };
          if (damage) onDamage?.(segment, damage);
          offset = next;
        }
      } catch (error) {
        // Deleted by retention since it was looked up.
        const gone = (error as NodeJS.ErrnoException).code === 'ENOENT' && segment < this.#coveredSegment;
        if (!gone) throw error;
      }
    }
  }

  /** The record that starts at a position; undefined when retention has deleted it, or what stands there is damaged. */
  async readAt(position: Position): Promise<JournalRecord | undefined> {
    for await (const record of this.read(position))
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

  /** Told that a snapshot holds everything before a position, deletes the oldest segments over the retention. */
  async covered({ segment }: Position): Promise<void> {
    this.#coveredSegment = segment;
    await this.#prune();
  }

  /** Waits for what is queued and closes the segment. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#committing;
    clearInterval(this.#retry);
    await this.#writer?.close();
    this.#writer = undefined;
  }

  async #commitQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#commit(group);
        this.#recovered();
      } catch (error) {
        await this.#failed(error as Error);
        for (const { failed } of group) failed(error as Error);
      }
    }
    this.#committing = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < GROUP_BYTES) bytes += this.#queue[count++]!.record.length;
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    if (this.#writer !== undefined && this.#writer.bytes >= this.#options.segmentBytes) {
      await this.#writer.close();
      this.#writer = undefined;
    }
    const started = performance.now();
    const { instruments } = this.#options;
    this.#writer ??= await SegmentWriter.create(this.#options.directory, this.#nextRecord);
    const writer = this.#writer;
    let offset = writer.bytes;
    await writer.commit(group.map(({ record }) => record));
    instruments.inc(collectorJournalBytes, {}, writer.bytes - offset);
    instruments.observe(collectorJournalSync, {}, (performance.now() - started) / 1_000);
    this.#segments.set(writer.first, writer.bytes);
    this.#nextRecord = Math.max(this.#nextRecord, writer.first) + group.length;
    for (const { record, committed } of group) {
      const position = { segment: writer.first, offset };
      offset += record.length;
      this.#end = { segment: writer.first, offset };
      committed(position);
    }
    for (const listener of this.#listeners) listener(this.#end);
  }

  async #failed(error: Error): Promise<void> {
    const { instruments, logger } = this.#options;
    instruments.inc(collectorJournalErrors, {});
    await this.#writer?.abandon();
    this.#writer = undefined;
    this.#nextRecord++;
    if (this.failing) return;
    logger.error(
      { error: error.message },
      'the journal cannot be written, so events are refused with 503: free or repair the disk of the data directory',
    );
    // Nobody may send while the collector is not ready, so it has to find out by itself.
    this.#retry = setInterval(() => void this.append(probe(), () => {}).catch(() => {}), RETRY_MS).unref();
  }

  #recovered(): void {
    if (!this.failing) return;
    clearInterval(this.#retry);
    this.#retry = undefined;
    this.#options.logger.info('the journal can be written again');
  }

  async #prune(): Promise<void> {
    let total = 0;
    for (const bytes of this.#segments.values()) total += bytes;
    for (const [first, bytes] of this.#segments) {
      if (total <= this.#options.retentionBytes || first >= this.#coveredSegment) return;
      await rm(join(this.#options.directory, segmentName(first)), { force: true });
      this.#segments.delete(first);
      total -= bytes;
    }
  }
}
