/** Puts the collector together, starts it and stops it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastify from 'fastify';
import type { Logger } from 'pino';
import { AuditIndex } from './audit/audit-index.ts';
import { collectorProcessRestarts, collectorRejections } from './catalogue/collector-metrics.ts';
import type { CollectorConfig } from './config.ts';
import { FindingLog } from './finding-log.ts';
import { Journal } from './journal/journal.ts';
import { httpOptions, ingestListener, listen } from './listen.ts';
import { createOperationsServer } from './operations.ts';
import { registerPages } from './pages/server.ts';
import { servePeers } from './processes/peer-server.ts';
import { Peers } from './processes/peers.ts';
import { Intake } from './receive/intake.ts';
import { readOrCreateKey, SessionHash } from './receive/privacy.ts';
import { RefusalLog } from './receive/refusal-log.ts';
import { IngestServer } from './receive/server.ts';
import { TokenFile } from './receive/tokens.ts';
import { Snapshots } from './snapshots.ts';
import { replay, restoreState, type State } from './state.ts';

export interface Collector {
  /** The ports it listens on, for a configuration with port 0. */
  readonly ports: { readonly ingest: number; readonly operations: number; readonly pages: number };
  /** Stops taking events, finishes those under way and saves the state. */
  stop(): Promise<void>;
}

export interface CollectorOptions {
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What has been opened, to be closed in the opposite order. */
type Closers = (() => unknown)[];

const TICK_MS = 1_000;

/** Starts a collector and resolves when it takes events. Throws one sentence that says what to mend. */
export async function startCollector(
  config: CollectorConfig,
  { logger, now = Date.now }: CollectorOptions,
): Promise<Collector> {
  const closers: Closers = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { ports, leave } = await open(config, logger, now, closers);
    // Those of one of several processes are for the one that started it.
    if (!config.partition) logger.info({ ports }, 'the collector takes events');
    let stopping: Promise<void> | undefined;
    const stop = () => {
      leave();
      stopping ??= close();
      return stopping;
    };
    return { ports, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(config: CollectorConfig, logger: Logger, now: () => number, closers: Closers) {
  const key = await onDisk(config, async () => {
    await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
    return readOrCreateKey(config.dataDirectory, logger);
  });
  const state = await restoreState(config, key, now, logger);
  const { instruments, pipeline, seen } = state;

  const refusals = new RefusalLog(logger);
  const bounds = {
    limits: config.limits,
    onRefused: (source: string, sentence: string) => {
      instruments.inc(collectorRejections, { reason: 'connections' });
      refusals.note('connections', source, sentence);
    },
  };

  let phase: string | undefined = 'starting: the journal is being replayed';
  const notReady = () => phase ?? (journal.failing ? 'the journal cannot be written' : undefined);
  const operations = createOperationsServer(instruments, config.limits, notReady);
  const operationsServer = await listen(operations, 'operations', config.operations, bounds);
  closers.push(operationsServer.close);

  const journal = await onDisk(config, () => openJournal(config, state, logger));
  closers.push(() => journal.close());
  const { position: restored, lacksIndex: lacking } = state;
  const index = new AuditIndex({ config, instruments, journal, logger, now, restored, lacking });
  closers.push(() => index.close());
  pipeline.sessions.onEnd = (session) => index.addSession(session);
  pipeline.findings.onChange = (finding) => index.addFinding(finding);
  const sessionHash = new SessionHash(key);
  const { partition } = config;
  const peers = partition && new Peers(partition.number, partition.directories);
  closers.push(() => peers?.close());
  const intake = new Intake({
    config,
    instruments,
    journal,
    pipeline,
    seen,
    sessionHash,
    peers,
    logger,
    now,
  });
  await replay(journal, state, intake, logger);

  const snapshots = new Snapshots(config, journal, state, index, logger);
  closers.push(() => snapshots.close());
  const findingLog = new FindingLog({ journal, pipeline, logger, now });
  closers.push(() => findingLog.close());
  pipeline.tick();
  const ticking = setInterval(() => pipeline.tick(), TICK_MS).unref();
  closers.push(() => clearInterval(ticking));

  const pages = fastify(httpOptions(config.limits));
  registerPages(pages, { pipeline, index }, journal, { findingLog, now });
  const pagesServer = await listen(pages, 'pages', config.pages, bounds);
  closers.push(pagesServer.close);

  const { tokensFile, limits } = config;
  const tokens =
    tokensFile === undefined
      ? undefined
      : await TokenFile.open(tokensFile, limits.eventsPerSecondPerToken, logger);
  closers.push(() => tokens?.close());
  const { app: ingest } = new IngestServer({ config, instruments, intake, journal, tokens, logger });
  if (partition) {
    if (partition.restarts > 0) instruments.inc(collectorProcessRestarts, {}, partition.restarts);
    closers.push(await servePeers(config, intake));
  }
  const ingestBounds = { ...bounds, reusePort: partition !== undefined };
  const ingestServer = await listen(ingest, 'ingest', ingestListener(config, logger), ingestBounds);
  closers.push(ingestServer.close);

  phase = undefined;
  index.allowRebuild();
  const leave = () => {
    phase = 'stopping';
  };
  const ports = {
    ingest: ingestServer.port,
    operations: operationsServer.port,
    pages: pagesServer.port,
  };
  return { ports, leave };
}

function openJournal(config: CollectorConfig, state: State, logger: Logger): Promise<Journal> {
  const options = {
    directory: join(config.dataDirectory, 'journal'),
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    commitSeconds: config.limits.commitSeconds,
    instruments: state.instruments,
    logger,
  };
  return Journal.open(options, state.position);
}

/** Runs what needs the data directory; says in one sentence what is wrong with it. */
export async function onDisk<T>({ dataDirectory }: CollectorConfig, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new Error(`the disk of the data directory ${dataDirectory} is full: free some space on it`);
    if (code === undefined) throw error;
    throw new Error(
      `cannot write to the data directory ${dataDirectory} (${message}): make it writable, or set dataDirectory`,
    );
  }
}
