/** Saves the state every so often, when much has been written since, and at the end. */
import type { Logger } from 'pino';
import { collectorSnapshotErrors } from './catalogue/collector-metrics.ts';
import type { CollectorConfig } from './config.ts';
import type { Instruments } from './instruments.ts';
import type { Journal } from './journal/journal.ts';
import type { Position } from './journal/segment.ts';
import { type SnapshotPart, writeSnapshot } from './journal/snapshot.ts';
import { holdMsOf } from './process/peak-hold.ts';
import type { SavedState } from './process/pipeline.ts';
import type { State } from './state.ts';

/** Saving because much was written takes no more than a tenth of the time. */
const PAUSES_PER_SAVE = 9;

export class Snapshots {
  readonly #save: (last: boolean) => Promise<void>;
  readonly #logger: Logger;
  readonly #instruments: Instruments;
  readonly #timer: NodeJS.Timeout;
  readonly #unfollow: () => void;
  #running: Promise<void> | undefined;
  #saved: Position | undefined;
  #savedAt = 0;
  /** When the next may be made because of what was written. */
  #notBefore = 0;

  /** `index` is given a moment to come as far as the snapshot, since what ended before that is not told again. */
  constructor(
    config: CollectorConfig,
    journal: Journal,
    { pipeline, seen, instruments }: Omit<State, 'position' | 'lacksIndex'>,
    index: { settle(): Promise<boolean> },
    logger: Logger,
  ) {
    this.#logger = logger;
    this.#instruments = instruments;
    this.#save = async (last) => {
      // All three in one turn: the state holds exactly what stands before the position.
      const startedAt = performance.now();
      const position = journal.end;
      const state = pipeline.save(last);
      const seenIds = seen.dump();
      try {
        const parts = partsOf(state);
        const indexed = await index.settle();
        await writeSnapshot(config.dataDirectory, { position, parts: withIndex(parts, indexed), seenIds });
      } finally {
        state.sessions.end();
      }
      this.#saved = position;
      this.#savedAt = startedAt;
      await journal.covered(position);
    };
    const changed = () =>
      this.#saved?.segment !== journal.end.segment || this.#saved.offset !== journal.end.offset;
    // Saved on until what waits to be scraped has been: a kill long after would bring it back as if it were new.
    let quietFrom = 0;
    this.#timer = setInterval(() => {
      if (changed() || !instruments.settled) quietFrom = performance.now() + holdMsOf(config);
      else if (this.#savedAt > quietFrom) return;
      void this.#run();
    }, config.snapshotIntervalSeconds * 1_000).unref();
    this.#unfollow = this.#follow(journal, config.journalSegmentBytes);
  }

  /** Saves for the last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unfollow();
    // One that is under way may have begun before the last event.
    await this.#running;
    await this.#run(true);
  }

  /**
   * Saves, whatever the time, when so much was written since the last snapshot: a start replays no more than that and
   * what comes while one is written.
   */
  #follow(journal: Journal, replayBytes: number): () => void {
    let last = journal.end;
    let bytes = 0;
    return journal.onCommit((end) => {
      bytes += end.segment === last.segment ? end.offset - last.offset : end.offset;
      last = end;
      if (bytes < replayBytes || this.#running || performance.now() < this.#notBefore) return;
      bytes = 0;
      void this.#run();
    });
  }

  /** One at a time; a failure costs only the time that the next start needs for its replay. */
  #run(last = false): Promise<void> {
    this.#running ??= this.#runOnce(last).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #runOnce(last: boolean): Promise<void> {
    const startedAt = performance.now();
    try {
      await this.#save(last);
    } catch (error) {
      this.#instruments.inc(collectorSnapshotErrors, {});
      this.#logger.error(
        { error: (error as Error).message },
        'no snapshot could be written: free or repair the disk of the data directory',
      );
    }
    this.#notBefore = performance.now() + PAUSES_PER_SAVE * (performance.now() - startedAt);
  }
}

/** What a state that was saved says of the index: false when some of what had ended was not in it yet. */
export const wasIndexed = ({ index }: Readonly<Record<string, unknown>>): boolean => index !== false;

function* withIndex(parts: Iterable<SnapshotPart>, indexed: boolean): Generator<SnapshotPart> {
  yield ['index', JSON.stringify(indexed)];
  yield* parts;
}

/**
 * The state part by part. All that is small becomes text at once, since it goes on changing; what is a copy already, and
 * large, waits for its turn, and the sessions come slice by slice.
 */
function partsOf({ parts, sessions, detectors }: SavedState): Iterable<SnapshotPart> {
  const { views, ...small } = parts;
  const texts = Object.entries(small).map(([name, value]): SnapshotPart => [name, JSON.stringify(value)]);
  return (function* () {
    yield* texts;
    yield ['views', JSON.stringify(views)];
    for (const json of detectors) yield ['detection.detectors', json];
    yield ['sessions', JSON.stringify({ open: [], ended: [], peaks: sessions.peaks })];
    for (const [list, json] of sessions.slices()) yield [`sessions.${list}`, json];
  })();
}
