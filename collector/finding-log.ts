/**
 * Findings and verdicts in the journal, as records of the collector's own beside those of requests: a restart has them
 * again, although what they were found by is forgotten. Nobody can send them: they are known by their record's source,
 * and no request has that one.
 */
import type { Logger } from 'pino';
import type { McpEvent } from './catalogue/events.ts';
import type { Journal } from './journal/journal.ts';
import { type Batch, encodeRecord } from './journal/record.ts';
import type { Finding } from './process/finding.ts';
import type { Judgement } from './process/findings.ts';
import type { Pipeline } from './process/pipeline.ts';

const SOURCE = '_findings';

type Entry =
  | { readonly kind: 'finding'; readonly time: string; readonly finding: Finding }
  | {
      readonly kind: 'verdict';
      readonly time: string;
      readonly judgement: Judgement;
      /** The finding, which memory may no longer have when this is on disk or read again; earlier versions left it out at times. */
      readonly evicted?: Finding;
    };

const timestamp = (milliseconds: number) => new Date(milliseconds).toISOString();

const recordOf = (entries: readonly Entry[], receivedMs: number) =>
  encodeRecord({ receivedMs, sourceKind: SOURCE, events: entries as unknown as readonly McpEvent[] });

/** Takes up the findings and verdicts of a record; false when it is one of events. */
export function replayFindings(record: Batch, { findings, detection }: Pipeline): boolean {
  if (record.sourceKind !== SOURCE) return false;
  for (const entry of record.events as unknown as readonly Entry[]) {
    if (entry.kind === 'finding') findings.replay(entry.finding);
    else detection.judge(entry.judgement, entry.evicted);
  }
  return true;
}

export interface FindingLogParts {
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const WRITE_EVERY_MS = 1_000;

export class FindingLog {
  readonly #parts: FindingLogParts;
  readonly #timer: NodeJS.Timeout;
  readonly #unfollow: () => void;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: FindingLogParts) {
    this.#parts = parts;
    // What is new goes to disk with the next commit, what only changed within a second.
    this.#unfollow = parts.journal.onCommit(() => {
      if (parts.pipeline.findings.urgent) this.#write();
    });
    this.#timer = setInterval(() => this.#write(), WRITE_EVERY_MS).unref();
  }

  /**
   * Takes one verdict on some findings once it is on disk, all of it or nothing. They may be some that memory no longer
   * has. Rejects when the disk does not take it.
   */
  judge(findings: readonly Finding[], said: Omit<Judgement, 'finding'>): Promise<Finding[]> {
    const { journal, pipeline } = this.#parts;
    const time = timestamp(said.time_ms);
    const entries = findings.map(
      (finding) =>
        ({ kind: 'verdict', time, judgement: { finding: finding.id, ...said }, evicted: finding }) as const,
    );
    return journal.append(recordOf(entries, said.time_ms), () =>
      findings.flatMap((finding, i) => pipeline.detection.judge(entries[i]!.judgement, finding) ?? []),
    );
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unfollow();
    this.#write();
    await this.#writing;
  }

  #write(): void {
    const { journal, pipeline, logger, now } = this.#parts;
    const changed = pipeline.findings.takeUnwritten();
    if (changed.length === 0) return;
    const nowMs = now();
    const entries = changed.map(
      (finding): Entry => ({ kind: 'finding', time: timestamp(finding.last_seen_ms), finding }),
    );
    this.#writing = journal
      .append(recordOf(entries, nowMs), () => {})
      .catch((error: Error) => {
        // Tried again with the next write; the journal counts and alerts that it fails.
        pipeline.findings.putBack(changed);
        logger.warn({ error: error.message, findings: changed.length }, 'findings could not be written yet');
      });
  }
}
