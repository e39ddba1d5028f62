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

/** Sessions or findings written at once, and tools and places of the sessions. */
const BATCH = 500;
const BATCH_ROWS = 5_000;
/** The journal has an event twice where two requests brought it at once, or one that was refused came to the disk: close by. */
const REPEATED_WITHIN = 250_000;
/** How long the thread works before it looks whether anybody wants something else of it. */
const SLICE_MS = 10;
/** As often as the collector itself does. */
const TICK_MS = 1_000;

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
    // What was found then stands in the journal; nothing is to be found again, and no burst pages.
    { ...config, burstWindows: [], detection: { ...config.detection, enabled: false } },
    createInstruments(config, () => clockMs),
    () => clockMs,
    () => {},
  );
  const seen = new SeenIds(Math.min(config.limits.dedupeIds, REPEATED_WITHIN), Buffer.alloc(32));
  const found = new Found();
  pipeline.sessions.onEnd = (session) => found.addSession(session);
  pipeline.findings.onChange = (finding) => found.addFinding(finding);
  const idleMs = config.sessionIdleSeconds * 1_000;
  /** Second by second while sessions fall silent, so that they end as they did and not all at once. */
  function* passTo(ms: number, position: Position): Generator<Replayed> {
    const silentMs = clockMs + idleMs + TICK_MS;
    for (; clockMs + TICK_MS < Math.min(ms, silentMs); clockMs += TICK_MS) {
      pipeline.tick();
      if (found.isBatch) yield* found.take(position);
    }
    clockMs = Math.max(clockMs, ms);
    pipeline.tick();
  }
  let sliceFrom = performance.now();
  for await (const record of readJournal(directory, end)) {
    if (clockMs === 0) clockMs = record.receivedMs;
    if (record.receivedMs >= clockMs + TICK_MS) yield* passTo(record.receivedMs, record.position);
    process(record, pipeline, seen);
    if (found.isBatch) yield* found.take(record.position);
    if (performance.now() - sliceFrom < SLICE_MS) continue;
    await nextTurn();
    sliceFrom = performance.now();
  }
  yield* passTo(nowMs, end);
  yield* found.take(end);
}

/** Sessions that have ended and findings, until they are taken. */
class Found {
  #ended = new Set<Session>();
  #findings = new Map<string, Finding>();
  #rows = 0;

  addSession(session: Session): void {
    this.#ended.add(session);
    this.#rows += rowsOf(session);
  }

  addFinding(finding: Finding): void {
    this.#findings.set(finding.id, finding);
  }

  /** Whether there is as much as is written at once. */
  get isBatch(): boolean {
    return this.#ended.size + this.#findings.size >= BATCH || this.#rows >= BATCH_ROWS;
  }

  /** All there is, in batches. */
  *take(position: Position): Generator<Replayed> {
    const findings = [...this.#findings.values()];
    let ended: Session[] = [];
    let rows = 0;
    for (const session of this.#ended) {
      if (ended.length === BATCH || rows >= BATCH_ROWS) {
        yield { ended, findings: findings.splice(0, BATCH), position };
        ended = [];
        rows = 0;
      }
      ended.push(session);
      rows += rowsOf(session);
    }
    yield { ended, findings, position };
    this.#ended = new Set();
    this.#findings = new Map();
    this.#rows = 0;
  }
}

const rowsOf = ({ tools, places }: Session) => tools.size + places.length;

function process(record: JournalRecord, pipeline: Pipeline, seen: SeenIds): void {
  if (replayFindings(record, pipeline)) return;
  const { events, receivedMs, sourceKind, position } = record;
  for (const event of events) {
    const timeMs = parseTime(event.time);
    if (timeMs === undefined || seen.add(event.id) === 'known') continue;
    pipeline.process({ event, timeMs, receivedMs, sourceKind, position });
  }
}
