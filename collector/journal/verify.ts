/** Checks a journal from end to end: every checksum, every link and seal of its chain. Changes nothing. */
import { type ChainEnd, decodeLink, hashBefore, type Link, NO_HASH } from './chain.ts';
import { CompressedBytes } from './compressed.ts';
import { payloadOf } from './entry.ts';
import { OpenBlock } from './open-block.ts';
import { batchOf, isBefore, type Part, type Position, readEntries } from './segment.ts';
import { openSegmentIfThere, type SegmentBytes } from './segment-bytes.ts';
import { listSegmentFiles } from './segment-names.ts';

/** Something that is not as it was written. */
export interface Fault extends Position {
  /** The end of a sentence that begins with the place. */
  readonly what: string;
}

export interface SegmentReport {
  readonly segment: number;
  records: number;
  events: number;
  /** As written, and on disk. */
  bytes: number;
  readonly diskBytes: number;
  /** When its first and last record were accepted, in milliseconds. */
  firstMs?: number;
  lastMs?: number;
  /** Blocks whose seal is right. */
  blocks: number;
  /** Bytes at its end without a seal: of a commit that was cut short, or that is being made. */
  unsealedBytes: number;
  /** It was written by a version without the chain. */
  unchained: boolean;
  readonly faults: Fault[];
}

export interface Verdict {
  readonly segments: readonly SegmentReport[];
  /** In the order of the journal. */
  readonly faults: readonly Fault[];
  /** The latest hash; undefined when there is no chain. */
  readonly end?: ChainEnd;
  /** Whether the hash that was asked for is in the chain; undefined when none was. */
  readonly anchored?: boolean;
}

export interface VerifyOptions {
  /** A hash that was kept elsewhere, in hex. */
  readonly anchor?: string | undefined;
  /** Something that is known to have stood in the journal. */
  readonly reached?: Position | undefined;
  readonly onSegment?: (report: SegmentReport) => void;
  readonly onProgress?: (done: number, all: number) => void;
}

/** Checks the journal of a folder, also while a collector writes it. Throws when the folder cannot be read. */
export async function verifyJournal(directory: string, options: VerifyOptions = {}): Promise<Verdict> {
  const files = await listSegmentFiles(directory);
  const diskBytes = new Map<number, number>();
  for (const { segment, bytes } of files) diskBytes.set(segment, bytes);
  const verification = new Verification(options.anchor);
  const reports: SegmentReport[] = [];
  for (const [segment, bytes] of diskBytes) {
    options.onProgress?.(reports.length, diskBytes.size);
    const source = await openSegmentIfThere(directory, segment);
    if (source === undefined) {
      verification.goneMeanwhile();
      continue;
    }
    try {
      const report = await verification.check(source, segment, bytes);
      reports.push(report);
      options.onSegment?.(report);
    } finally {
      await source.close();
    }
  }
  return verification.verdict(reports, options.reached);
}

class Verification {
  readonly #anchor: string | undefined;
  #anchored = false;
  /** Where the chain stood at the end of the segment before; undefined before the first. */
  #end: ChainEnd | undefined;
  #unchained = true;
  #first: { readonly segment: number; readonly link: Link | undefined } | undefined;
  /** The oldest segment that is left, as the chain says last. */
  #oldest = 0;

  constructor(anchor: string | undefined) {
    this.#anchor = anchor?.toLowerCase();
  }

  /** The next segment is gone since the journal was listed: the chain itself says if that was retention. */
  goneMeanwhile(): void {
    this.#end = undefined;
    this.#first = undefined;
  }

  async check(source: SegmentBytes, segment: number, diskBytes: number): Promise<SegmentReport> {
    const report = newReport(source, segment, diskBytes);
    const fault = (offset: number, what: string) => report.faults.push({ segment, offset, what });
    if (source instanceof CompressedBytes && !source.whole)
      fault(0, 'the compressed file has lost its table: it was cut off or changed');
    let block: OpenBlock | undefined;
    let damaged: Fault | undefined;
    for await (const part of readEntries(source)) {
      if (block === undefined) {
        const link = part.kind === 'link' ? decodeLink(part.entry) : undefined;
        for (const what of this.#faultsOfLink(segment, link)) fault(0, what);
        this.#first ??= { segment, link };
        this.#unchained &&= link === undefined;
        report.unchained = this.#unchained;
        block = new OpenBlock(hashBefore(link));
      }
      if (part.kind === 'seal') {
        const { hash, right } = block.seal(payloadOf(part.entry));
        if (damaged) report.faults.push(damaged);
        else if (!right)
          fault(block.start, `the block up to offset ${part.end} is not the one that was sealed here`);
        if (right) report.blocks++;
        damaged = undefined;
        this.#anchored ||= hash === this.#anchor;
        block = new OpenBlock(Buffer.from(payloadOf(part.entry)), part.end);
        continue;
      }
      if (part.kind === 'damage') {
        // Without a chain, a write that was cut short is not told from anything else at a segment's end.
        if (part.damage.kind === 'corrupt' || !report.unchained) damaged ??= faultOf(segment, part);
        await block.addStretch(source, part.start, part.end);
        continue;
      }
      block.add(part.entry);
      if (part.kind === 'link') {
        const link = decodeLink(part.entry);
        if (link) this.#oldest = Math.max(this.#oldest, link.oldest);
        else fault(part.start, 'the link cannot be read, although its checksum is right');
      } else if (!count(part, report))
        fault(part.start, 'the record cannot be read, although its checksum is right');
    }
    // Damage behind the last seal is a write that was cut short, if the next segment's link knows of it.
    if (damaged && report.unchained) report.faults.push(damaged);
    block ??= new OpenBlock(NO_HASH);
    report.unsealedBytes = source.size - block.start;
    const hash = report.unsealedBytes > 0 ? block.digest() : block.previous;
    this.#end = { segment, bytes: source.size, hash: hash.toString('hex') };
    return report;
  }

  verdict(segments: readonly SegmentReport[], reached: Position | undefined): Verdict {
    const faults = segments.flatMap((report) => report.faults);
    const { segment = 0, link } = this.#first ?? {};
    if (link?.previous && this.#oldest < segment)
      faults.unshift({
        segment,
        offset: 0,
        what: 'the segments before it are gone, and retention did not delete them',
      });
    const end = this.#end;
    // A saved state never covers half a commit.
    const unsealed = this.#unchained ? 0 : (segments.at(-1)?.unsealedBytes ?? 0);
    const isShort =
      reached && (!end || isBefore({ segment: end.segment, offset: end.bytes - unsealed }, reached));
    if (isShort)
      faults.push({ ...reached, what: 'the snapshot holds what stood up to here, and it is gone' });
    const sealed = end && !this.#unchained ? { end } : {};
    return { segments, faults, ...sealed, ...(this.#anchor !== undefined && { anchored: this.#anchored }) };
  }

  /** What is wrong between the segment before and the link that a segment begins with. */
  #faultsOfLink(segment: number, link: Link | undefined): string[] {
    const before = this.#end;
    if (link === undefined)
      return this.#unchained ? [] : ['it does not begin with a link to the segment before it'];
    if (link.segment !== segment) return [`the file is that of segment ${link.segment}`];
    if (before === undefined) return [];
    const { previous } = link;
    if (previous === undefined)
      return [`it was begun as the first segment, but segment ${before.segment} is there`];
    if (previous.segment > before.segment)
      return [`segment ${previous.segment}, which it follows, is missing`];
    if (previous.segment < before.segment)
      return [`it follows segment ${previous.segment}, but segment ${before.segment} is there`];
    if (previous.bytes !== before.bytes)
      return [
        `segment ${before.segment} had ${previous.bytes} bytes when it was begun, and has ${before.bytes} now`,
      ];
    if (previous.hash !== before.hash)
      return [`segment ${before.segment} does not end as it did when it was begun`];
    return [];
  }
}

const newReport = (source: SegmentBytes, segment: number, diskBytes: number): SegmentReport => ({
  segment,
  records: 0,
  events: 0,
  bytes: source.size,
  diskBytes,
  blocks: 0,
  unsealedBytes: 0,
  unchained: false,
  faults: [],
});

const faultOf = (segment: number, { start, end }: Part): Fault => ({
  segment,
  offset: start,
  what: `${end - start} bytes are not as they were written`,
});

/** Adds a record to a report; false when it cannot be read. */
function count(part: Part, report: SegmentReport): boolean {
  try {
    const batch = batchOf(part);
    if (batch === undefined) return false;
    report.records++;
    report.events += batch.events.length;
    // A probe of earlier versions has no events and no time.
    if (batch.events.length === 0) return true;
    report.firstMs ??= batch.receivedMs;
    report.lastMs = batch.receivedMs;
    return true;
  } catch {
    return false;
  }
}
