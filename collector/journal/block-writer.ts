/** Writes blocks: the entries of a commit and the seal over them, behind a link where a segment begins. */
import { collectorJournalBytes, collectorJournalSync } from '../catalogue/collector-metrics.ts';
import type { Instruments } from '../instruments.ts';
import {
  type ChainEnd,
  encodeLink,
  encodeSeal,
  type Hash,
  hashOfBlock,
  type Link,
  NO_HASH,
} from './chain.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Segments } from './segments.ts';

/** Where the entries of a block stand. */
export interface Block {
  readonly segment: number;
  /** Where the first of them starts, and where the block ends. */
  readonly first: number;
  readonly end: number;
}

export interface BlockWriterOptions {
  readonly directory: string;
  /** A segment that has reached this is followed by a new one. */
  readonly segmentBytes: number;
  readonly retentionSeconds: number;
  readonly instruments: Instruments;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A segment is closed at this share of the retention at the latest, so that it can go in time. */
const SEGMENT_AGE_SHARE = 1 / 30;

export class BlockWriter {
  readonly #options: BlockWriterOptions;
  readonly #now: () => number;
  readonly #segments: Segments;
  readonly #onClosed: () => void;
  /** Undefined when the next block has to start a segment. */
  #writer: SegmentWriter | undefined;
  /** By a steady clock: a time of day that is set back would keep a segment open for as long. */
  readonly #steadyMs: () => number;
  #writerSinceMs = 0;
  #next: number;
  #chain: ChainEnd | undefined;
  #hash: Hash;

  /** `next` is the number of the first segment that it starts. `onClosed` is called when a segment is full. */
  constructor(
    options: BlockWriterOptions,
    segments: Segments,
    chain: ChainEnd | undefined,
    next: number,
    onClosed: () => void,
  ) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#steadyMs = options.now ?? (() => performance.now());
    this.#segments = segments;
    this.#onClosed = onClosed;
    this.#next = next;
    this.#chain = chain;
    this.#hash = chain ? Buffer.from(chain.hash, 'hex') : NO_HASH;
  }

  /** Where the chain stands; undefined before the first block of a new journal. */
  get chainEnd(): ChainEnd | undefined {
    return this.#chain;
  }

  /** Puts a block on disk. After a failure only `abandon` may follow. */
  async write(entries: readonly Buffer[]): Promise<Block> {
    const started = performance.now();
    const writer = await this.#currentWriter();
    const { segment, bytes: start } = writer;
    const links = start === 0 ? [encodeLink(this.#link(segment))] : [];
    const content = [...links, ...entries];
    const hash = hashOfBlock(this.#hash, content);
    await writer.commit([...content, encodeSeal(hash)]);
    this.#hash = hash;
    this.#chain = { segment, bytes: writer.bytes, hash: hash.toString('hex') };
    this.#segments.grew(segment, writer.bytes);
    const { instruments } = this.#options;
    instruments.inc(collectorJournalBytes, {}, writer.bytes - start);
    instruments.observe(collectorJournalSync, {}, (performance.now() - started) / 1_000);
    return { segment, first: start + (links[0]?.length ?? 0), end: writer.bytes };
  }

  /** Leaves the segment as it was before the last write, which failed; the next write starts another. */
  abandon(): Promise<void> {
    return this.#leave((writer) => writer.abandon());
  }

  close(): Promise<void> {
    return this.#leave((writer) => writer.close());
  }

  async #currentWriter(): Promise<SegmentWriter> {
    if (this.#writer && this.#isFull(this.#writer)) {
      await this.close();
      this.#onClosed();
    }
    if (this.#writer === undefined) {
      this.#writer = await SegmentWriter.create(this.#options.directory, this.#next);
      this.#writerSinceMs = this.#steadyMs();
      this.#next = this.#writer.segment + 1;
    }
    return this.#writer;
  }

  #isFull({ bytes }: SegmentWriter): boolean {
    const { segmentBytes, retentionSeconds } = this.#options;
    const ageMs = this.#steadyMs() - this.#writerSinceMs;
    return bytes >= segmentBytes || ageMs >= retentionSeconds * 1_000 * SEGMENT_AGE_SHARE;
  }

  async #leave(how: (writer: SegmentWriter) => Promise<void>): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#segments.closed();
    if (writer) await how(writer);
  }

  #link(segment: number): Link {
    const link = { timeMs: this.#now(), oldest: this.#segments.oldest ?? segment, segment };
    return this.#chain ? { ...link, previous: this.#chain } : link;
  }
}
