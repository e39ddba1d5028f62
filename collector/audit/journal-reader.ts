/** Reads the journal of a folder from another thread than the one that writes it. */
import type { JournalRecord } from '../journal/journal.ts';
import { readRecords } from '../journal/records.ts';
import type { Position } from '../journal/segment.ts';
import { openSegmentIfThere } from '../journal/segment-bytes.ts';
import { listSegmentFiles } from '../journal/segment-names.ts';

/** The records before `end`, oldest first. Damage is passed over in silence: replays and `verify` tell of it. */
export async function* readJournal(directory: string, end: Position): AsyncGenerator<JournalRecord> {
  const segments = new Set((await listSegmentFiles(directory)).map(({ segment }) => segment));
  yield* readRecords([...segments], (segment) => openSegmentIfThere(directory, segment), { end });
}
