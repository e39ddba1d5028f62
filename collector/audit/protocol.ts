/** What the collector asks of the thread that has the index, and what that answers. */
import type { RebuildReason } from '../catalogue/collector-metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Position } from '../journal/segment.ts';
import type { FindingQuery, FoundFindings } from './finding-search.ts';
import type { Found } from './search.ts';
import type { SessionQuery } from './session-query.ts';
import type { SessionRecord } from './session-record.ts';
import type { Batch } from './store.ts';

/** What a thread is started with. */
export interface IndexThreadData {
  readonly role: 'audit-index';
  readonly config: CollectorConfig;
}

export interface IndexCalls {
  /** Opens the file. `restored`: all that ended before this will not be told again; `end`: where the journal ends. */
  open(restored: Position | undefined, end: Position): RebuildReason | undefined;
  /** Writes a batch; how many sessions had to make room. */
  write(batch: Batch): number;
  /** Throws the file away and makes it from the journal up to `end`, in which sessions go idle until `nowMs`. */
  rebuild(end: Position, nowMs: number): Promise<void>;
  /** Everything that has been written is on disk, also after a power cut. */
  sync(): void;
  search(query: SessionQuery): Found;
  find(id: string): SessionRecord[];
  findings(query: FindingQuery): FoundFindings;
  close(): void;
}
export type CallName = keyof IndexCalls;

export interface Call<N extends CallName = CallName> {
  readonly number: number;
  readonly name: N;
  readonly given: Parameters<IndexCalls[N]>;
}

export type Answer =
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly error: string; readonly damaged: boolean };
