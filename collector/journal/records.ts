/** The records of segments, with where they stand. */
import { decodeLink } from './chain.ts';
import type { Batch } from './record.ts';
import { batchOf, type Damage, type Part, type Position, readEntries, type Stretch } from './segment.ts';
import type { SegmentBytes } from './segment-bytes.ts';

export interface JournalRecord extends Batch {
  /** Where the record starts. */
  readonly position: Position;
  /** Where it ends: reading goes on from here. */
  readonly end: Position;
}

/** Told of damage that was passed over. */
export type OnDamage = (segment: number, damage: Damage) => void;

/** Part of the journal: from a position, up to another. */
export interface Range {
  readonly from?: Position | undefined;
  readonly end: Position;
}

/** The stretch of a segment that is within a range; undefined when none is. */
function stretchOf(segment: number, { from, end }: Range): Stretch | undefined {
  if (segment < (from?.segment ?? 0) || segment > end.segment) return undefined;
  return {
    ...(segment === from?.segment && { from: from.offset }),
    ...(segment === end.segment && { to: end.offset }),
  };
}

/** Reads the records of a range, oldest first, from the segments that `open` finds. */
export async function* readRecords(
  segments: readonly number[],
  open: (segment: number) => Promise<SegmentBytes | undefined>,
  range: Range,
  onDamage?: OnDamage,
  readBytes?: number,
): AsyncGenerator<JournalRecord> {
  let before: Read | undefined = range.from && { segment: range.from.segment, bytes: range.from.offset };
  for (const segment of segments) {
    const stretch = stretchOf(segment, range);
    const source = stretch && (await open(segment));
    if (source === undefined) continue;
    try {
      for await (const part of readEntries(source, { ...stretch, ...(readBytes && { readBytes }) })) {
        const lost = before && lostBefore(part, before, segments);
        if (lost) onDamage?.(lost.segment, { kind: 'corrupt', bytes: lost.bytes });
        const batch = decode(part, (damage) => onDamage?.(segment, damage));
        if (batch === undefined) continue;
        const position = { segment, offset: part.start };
        yield { ...batch, position, end: { segment, offset: part.end } };
      }
      before = { segment, bytes: source.size };
    } finally {
      await source.close();
    }
  }
}

/** How much of a segment was there to be read. */
interface Read {
  readonly segment: number;
  readonly bytes: number;
}

/** What the link that a segment begins with says stood before it, and is not there any more. */
function lostBefore(part: Part, before: Read, segments: readonly number[]): Read | undefined {
  const previous = part.kind === 'link' && part.start === 0 ? decodeLink(part.entry)?.previous : undefined;
  if (previous === undefined) return undefined;
  const { segment, bytes } = previous;
  if (segment === before.segment)
    return bytes > before.bytes ? { segment, bytes: bytes - before.bytes } : undefined;
  // One that is listed has been deleted by retention since.
  return segment > before.segment && !segments.includes(segment) ? { segment, bytes } : undefined;
}

/** What does not decode although its checksum is right passes for damage: it must not keep the collector from starting. */
function decode(part: Part, onDamage: (damage: Damage) => void): Batch | undefined {
  if (part.kind === 'damage') onDamage(part.damage);
  try {
    return batchOf(part);
  } catch {
    onDamage({ kind: 'corrupt', bytes: part.end - part.start });
    return undefined;
  }
}
