/**
 * Makes the index anew from the journal: its events run through the same pipeline as when they came, and the sessions
 * that end on the way are written. Those that are still open at the end are in the collector's memory and come later.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CollectorConfig } from '../config.ts';
import { replayFindings } from '../finding-log.ts';
import { createInstruments } from '../instruments.ts';
import type { JournalRecord } from '../journal/journal.ts';
import type { Position } from '../journal/segment.ts';
import type { Finding } from '../process/finding.ts';
import { Pipeline } from '../process/pipeline.ts';
import type { Session } from '../process/session.ts';
import { SeenIds } from '../receive/dedupe.ts';
import { parseTime } from '../receive/times.ts';
import { readJournal } from './journal-reader.ts';
import type { SessionRecord } from './session-record.ts';

/** Sessions and findings written at once. */
const BATCH = 500;
/** How long the thread works before it looks whether anybody wants something else of it. */
const SLICE_MS = 10;

export interface Replayed {
  readonly ended: readonly SessionRecord[];
  readonly findings: readonly Finding[];
  /** Everything that ended or was found before this has been told. */
  readonly position: Position;
}

/**
 * Tells of the findings and of the sessions that ended between the journal's beginning and `end`, by the clock of the events and at last by
 * `nowMs`, in batches.
 */
export async function* replaySessions(
  config: CollectorConfig,
  directory: string,
  end: Position,
  nowMs: number,
): AsyncGenerator<Replayed> {
  let clockMs = 0;
  const pipeline = new Pipeline(
    // What was found then stands in the journal; nothing is to be found again.
    { ...config, detection: { ...config.detection, enabled: false } },
    createInstruments(config, () => clockMs),
    () => clockMs,
    () => {},
  );
  const seen = new SeenIds(config.limits.dedupeIds, Buffer.alloc(32));
  let ended = new Set<Session>();
  let findings = new Map<string, Finding>();
  pipeline.sessions.onEnd = (session) => ended.add(session);
  pipeline.findings.onChange = (finding) => findings.set(finding.id, finding);
  const take = (position: Position): Replayed => {
    const replayed = { ended: [...ended], findings: [...findings.values()], position };
    ended = new Set();
    findings = new Map();
    return replayed;
  };
  let sliceFrom = performance.now();
  for await (const record of readJournal(directory, end)) {
    clockMs = Math.max(clockMs, record.receivedMs);
    process(record, pipeline, seen);
    if (ended.size + findings.size >= BATCH) yield take(record.position);
    if (performance.now() - sliceFrom < SLICE_MS) continue;
    await nextTurn();
    sliceFrom = performance.now();
  }
  clockMs = Math.max(clockMs, nowMs);
  pipeline.tick();
  yield take(end);
}

function process(record: JournalRecord, pipeline: Pipeline, seen: SeenIds): void {
  if (replayFindings(record, pipeline)) return;
  const { events, receivedMs, sourceKind, position } = record;
  for (const event of events) {
    const timeMs = parseTime(event.time);
    if (timeMs === undefined || seen.add(event.id) === 'known') continue;
    pipeline.process({ event, timeMs, receivedMs, sourceKind, position });
  }
}
