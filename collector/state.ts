/** What the collector knows, over restarts: restored from the snapshot, brought up to date from the journal, saved. */
import type { Logger } from 'pino';
import { collectorCorruptRecords, collectorSnapshotErrors } from './catalogue/collector-metrics.ts';
import type { CollectorConfig } from './config.ts';
import { replayFindings } from './finding-log.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import type { Journal } from './journal/journal.ts';
import type { Position } from './journal/segment.ts';
import { readSnapshot, type Snapshot, writeSnapshot } from './journal/snapshot.ts';
import { holdMsOf } from './process/peak-hold.ts';
import { Pipeline } from './process/pipeline.ts';
import { SeenIds } from './receive/dedupe.ts';
import type { Intake } from './receive/intake.ts';

export interface State {
  readonly instruments: Instruments;
  readonly pipeline: Pipeline;
  readonly seen: SeenIds;
  /** The journal's records from here on are not in the state yet; all of them when undefined. */
  readonly position?: Position;
}

function build(
  config: CollectorConfig,
  key: Buffer,
  now: () => number,
  logger: Logger,
  snapshot?: Snapshot,
): State {
  const instruments = createInstruments(config, now);
  const pipeline = new Pipeline(config, instruments, now, (error, { kind }) =>
    logger.error({ error: error.stack, kind }, 'an event could not be processed'),
  );
  const seen = new SeenIds(config.limits.dedupeIds, key);
  if (snapshot === undefined) return { instruments, pipeline, seen };
  const fresh = pipeline.restore(JSON.parse(snapshot.state));
  if (fresh.length > 0) logger.warn({ parts: fresh }, 'parts of the snapshot were not usable and start anew');
  seen.load(snapshot.seenIds);
  return { instruments, pipeline, seen, position: snapshot.position };
}

/** The state of the last snapshot; an empty one, so that the whole journal counts again, when it cannot be used. */
export async function restoreState(
  config: CollectorConfig,
  key: Buffer,
  now: () => number,
  logger: Logger,
): Promise<State> {
  try {
    return build(config, key, now, logger, await readSnapshot(config.dataDirectory));
  } catch (error) {
    logger.error(
      { error: (error as Error).message },
      'the snapshot cannot be used, so the whole journal is replayed',
    );
    return build(config, key, now, logger);
  }
}

/** Processes what the journal holds beyond the snapshot. */
export async function replay(
  journal: Journal,
  { instruments, pipeline, position }: State,
  intake: Intake,
  logger: Logger,
): Promise<void> {
  const started = performance.now();
  let events = 0;
  const records = journal.read(position, (segment, { kind, bytes }) => {
    if (kind === 'corrupt') instruments.inc(collectorCorruptRecords, {});
    logger.warn({ segment, bytes, kind }, 'bytes of the journal that are no record were passed over');
  });
  for await (const record of records)
    if (!replayFindings(record, pipeline)) events += intake.process(record, record.position);
  pipeline.detection.live();
  logger.info({ events, seconds: (performance.now() - started) / 1_000 }, 'replayed the journal');
}

/** Saves the state every so often and at the end. */
export class Snapshots {
  readonly #save: () => Promise<void>;
  readonly #logger: Logger;
  readonly #instruments: Instruments;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #saved: Position | undefined;
  #savedAt = 0;

  /** `index` is given a moment to come as far as the snapshot, since what ended before that is not told again. */
  constructor(
    config: CollectorConfig,
    journal: Journal,
    state: State,
    index: { settle(): Promise<void> },
    logger: Logger,
  ) {
    const { pipeline, seen, instruments } = state;
    this.#logger = logger;
    this.#instruments = instruments;
    this.#save = async () => {
      // All three in one turn: the state holds exactly what stands before the position.
      const startedAt = performance.now();
      const position = journal.end;
      const state = JSON.stringify(pipeline.snapshot());
      const seenIds = seen.dump();
      await index.settle();
      await writeSnapshot(config.dataDirectory, { position, state, seenIds });
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
  }

  /** Saves for the last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run();
  }

  /** One at a time; a failure costs only the time that the next start needs for its replay. */
  #run(): Promise<void> {
    this.#running = this.#running.then(this.#save).catch((error: Error) => {
      this.#instruments.inc(collectorSnapshotErrors, {});
      this.#logger.error(
        { error: error.message },
        'no snapshot could be written: free or repair the disk of the data directory',
      );
    });
    return this.#running;
  }
}
