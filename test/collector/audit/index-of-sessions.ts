/** An index in a folder of its own, and made-up sessions to put into it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../../collector/audit/schema.ts';
import { Search } from '../../../collector/audit/search.ts';
import type { SessionRecord } from '../../../collector/audit/session-record.ts';
import { type Batch, IndexStore } from '../../../collector/audit/store.ts';
import type { Finding } from '../../../collector/process/finding.ts';

const MIB = 1024 * 1024;

export class IndexOfSessions {
  readonly folder = mkdtempSync(join(tmpdir(), 'lookout-index-'));
  readonly database: DatabaseSync;
  readonly store: IndexStore;
  readonly search: Search;

  constructor(bytes = 256 * MIB) {
    this.database = openDatabase(join(this.folder, 'index.sqlite'), bytes);
    this.store = new IndexStore(this.database);
    this.search = new Search(this.database);
  }

  write(sessions: readonly SessionRecord[], batch: Partial<Batch> = {}): number {
    const end = { segment: 1, offset: 0 };
    return this.store.write({ sessions, findings: [], end, oldestSegment: 0, complete: true, ...batch });
  }

  count(table: 'sessions' | 'postings' | 'terms' | 'findings'): number {
    return Number(this.database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows);
  }

  close(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** A session that went idle a second after it began. */
export const record = (fields: Partial<SessionRecord> = {}): SessionRecord => {
  const startedMs = fields.startedMs ?? 1_000;
  const lastMs = fields.lastMs ?? startedMs + 1_000;
  return {
    ...{ id: 's1', type: 'chat', server: 'files', client: 'desk', startedMs, lastMs },
    ...{
      events: 2,
      calls: 2,
      errors: 0,
      refused: 0,
      denials: 0,
      dlpBlocks: 0,
      authFailures: 0,
      lateEvents: 0,
    },
    ...{ tools: new Map([['files/read', 2]]), places: [{ segment: 1, offset: 0 }] },
    end: { how: 'idle', untilMs: lastMs },
    ...fields,
  };
};

/** A warning about the session `s1`. */
export const finding = (fields: Partial<Finding> = {}): Finding => ({
  ...{
    id: 'f1',
    incident: 'f1',
    detector: 'tool_diversity',
    severity: 'warning',
    certainty: 'scored',
    status: 'open',
  },
  ...{ session: 's1', session_type: 'chat', principal: 'ada', user: 'ada', server: 'files', tool: 'read' },
  ...{
    tool_risk: { can: [], provenance: 'name' },
    score: 4,
    message: '12 distinct tools',
    evidence: { calls: [] },
  },
  ...{ supporting: [], risk: 1, first_seen_ms: 1_000, last_seen_ms: 1_000 },
  ...fields,
});
