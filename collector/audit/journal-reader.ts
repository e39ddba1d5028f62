/** Reads the journal of a folder from another thread than the one that writes it. */
import type { JournalRecord } from '../journal/journal.ts';
import { batchOf, type Position, readEntries } from '../journal/segment.ts';
import { openSegment, type SegmentBytes } from '../journal/segment-bytes.ts';
import { listSegmentFiles } from '../journal/segment-names.ts';

/** The records before `end`, oldest first. Damage is passed over: the collector itself has told of it when it started. */
export async function* readJournal(directory: string, end: Position): AsyncGenerator<JournalRecord> {
  const segments = new Set((await listSegmentFiles(directory)).map(({ segment }) => segment));
  for (const segment of segments) {
    if (segment > end.segment) return;
    const source = await openIfThere(directory, segment);
    if (source === undefined) continue;
    try {
      for await (const part of readEntries(source, segment === end.segment ? { to: end.offset } : {})) {
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

/** Undefined when retention has deleted the segment meanwhile. */
async function openIfThere(directory: string, segment: number): Promise<SegmentBytes | undefined> {
  try {
    return await openSegment(directory, segment);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
