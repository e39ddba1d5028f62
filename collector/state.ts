/** What the collector knows, over restarts: restored from the snapshot and brought up to date from the journal. */
import type { Logger } from 'pino';
import { collectorCorruptRecords } from './catalogue/collector-metrics.ts';
import type { CollectorConfig } from './config.ts';
import { replayFindings } from './finding-log.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import type { Journal } from './journal/journal.ts';
import type { Position } from './journal/segment.ts';
import { readSnapshot, type Snapshot } from './journal/snapshot.ts';
import { Pipeline } from './process/pipeline.ts';
import { SeenIds } from './receive/dedupe.ts';
import type { Intake } from './receive/intake.ts';
import { wasIndexed } from './snapshots.ts';

export interface State {
  readonly instruments: Instruments;
  readonly pipeline: Pipeline;
  readonly seen: SeenIds;
  /** The journal's records from here on are not in the state yet; all of them when undefined. */
  readonly position?: Position;
  /** Some of what had ended when the state was saved was not in the index. */
  readonly lacksIndex: boolean;
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
  if (snapshot === undefined) return { instruments, pipeline, seen, lacksIndex: false };
  const fresh = pipeline.restore(snapshot.state);
  if (fresh.length > 0) logger.warn({ parts: fresh }, 'parts of the snapshot were not usable and start anew');
  seen.load(snapshot.seenIds);
  return {
    instruments,
    pipeline,
    seen,
    position: snapshot.position,
    lacksIndex: !wasIndexed(snapshot.state),
  };
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
