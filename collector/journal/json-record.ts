/** Records as versions before the chain wrote them, a line of JSON for each event: read so that an update loses nothing. */
import { payloadOf } from './entry.ts';
import type { Batch } from './record.ts';

/** The batch in a sound record. */
export function decodeJsonRecord(entry: Buffer): Batch {
  const [head, ...lines] = payloadOf(entry).toString().split('\n');
  const common: Omit<Batch, 'events'> = JSON.parse(head!);
  return { ...common, events: lines.map((line) => JSON.parse(line)) };
}
