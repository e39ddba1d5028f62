/** The records of segments, with where they stand. */

import type { Batch } from './record.ts';
import type { Position } from './segment.ts';
import { batchOf, type Damage, readEntries, type Stretch } from './segment.ts';
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
        if (part.kind === 'damage') onDamage?.(segment, part.damage);
        const batch = batchOf(part);
        if (batch === undefined) continue;
        const position = { segment, offset: part.start };
        yield { ...batch, position, end: { segment, offset: part.end } };
      }
    } finally {
      await source.close();
    }
  }
}
