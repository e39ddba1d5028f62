/** The index's file: opened, found good or not, written, searched, thrown away and made anew. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { RebuildReason } from '../catalogue/collector-metrics.ts';
import type { CollectorConfig } from '../config.ts';
import { isBefore, type Position } from '../journal/segment.ts';
import { type FindingQuery, type FoundFindings, searchFindings } from './finding-search.ts';
import type { IndexCalls } from './protocol.ts';
import { replaySessions } from './rebuild.ts';
import { deleteDatabase, openDatabase, SCHEMA_VERSION, saysDamaged, versionOf } from './schema.ts';
import { Search } from './search.ts';
import { IndexStore } from './store.ts';

export const indexFile = (dataDirectory: string): string => join(dataDirectory, 'index.sqlite');

interface Opened {
  readonly database: DatabaseSync;
  readonly store: IndexStore;
  readonly search: Search;
}

export class IndexFile implements IndexCalls {
  readonly #config: CollectorConfig;
  readonly #file: string;
  #opened: Opened | undefined;
  #closed = false;

  constructor(config: CollectorConfig) {
    this.#config = config;
    this.#file = indexFile(config.dataDirectory);
  }

  open(restored: Position | undefined, end: Position): RebuildReason | undefined {
    if (!existsSync(this.#file)) return restored && 'missing';
    try {
      const database = openDatabase(this.#file, this.#config.indexBytes);
      if (versionOf(database) !== SCHEMA_VERSION) {
        database.close();
        deleteDatabase(this.#file);
        return 'version';
      }
      const { position } = this.#use(database).store;
      if (position && isBefore(end, position)) return 'ahead';
      return restored && (!position || isBefore(position, restored)) ? 'behind' : undefined;
    } catch (error) {
      if (saysDamaged(error)) return 'damaged';
      throw error;
    }
  }

  write(batch: Parameters<IndexCalls['write']>[0]): number {
    return this.#open().store.write(batch);
  }

  async rebuild(end: Position, nowMs: number): Promise<void> {
    this.#close();
    deleteDatabase(this.#file);
    const { dataDirectory } = this.#config;
    for await (const { ended, findings, position } of replaySessions(
      this.#config,
      join(dataDirectory, 'journal'),
      end,
      nowMs,
    )) {
      if (this.#closed) return;
      this.write({
        sessions: ended,
        findings,
        end: position,
        oldestSegment: 0,
        complete: false,
      });
    }
    if (!this.#closed) this.write({ sessions: [], findings: [], end, oldestSegment: 0, complete: true });
  }

  sync(): void {
    this.#open().database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }

  search(...given: Parameters<IndexCalls['search']>): ReturnType<IndexCalls['search']> {
    return this.#open().search.sessions(...given);
  }

  find(id: string): ReturnType<IndexCalls['find']> {
    return this.#open().search.find(id);
  }

  findings(query: FindingQuery): FoundFindings {
    return searchFindings(this.#open().database, query);
  }

  close(): void {
    this.#closed = true;
    this.#close();
  }

  #open(): Opened {
    return this.#opened ?? this.#use(openDatabase(this.#file, this.#config.indexBytes));
  }

  #use(database: DatabaseSync): Opened {
    try {
      this.#opened = { database, store: new IndexStore(database), search: new Search(database) };
      return this.#opened;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }
}
