/** The records of segments, with where they stand. */
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
  for (const segment of segments) {
    const stretch = stretchOf(segment, range);
    const source = stretch && (await open(segment));
    if (source === undefined) continue;
    try {
      for await (const part of readEntries(source, { ...stretch, ...(readBytes && { readBytes }) })) {
        const batch = decode(part, (damage) => onDamage?.(segment, damage));
        if (batch === undefined) continue;
        const position = { segment, offset: part.start };
        yield { ...batch, position, end: { segment, offset: part.end } };
      }
    } finally {
      await source.close();
    }
  }
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
