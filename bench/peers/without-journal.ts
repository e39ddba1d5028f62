/**
 * Our ingest without its journal: the same program from the request to the sessions, but nothing is written, synced,
 * compressed or indexed. Nobody can run it like that; it tells what an event costs from what keeping it costs.
 *
 * Its argument is a collector's configuration.
 */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { readCollectorConfig } from '../../collector/config.ts';
import type { Journal } from '../../collector/journal/journal.ts';
import type { Position } from '../../collector/journal/segment.ts';
import { Intake } from '../../collector/receive/intake.ts';
import { SessionHash } from '../../collector/receive/privacy.ts';
import { IngestServer } from '../../collector/receive/server.ts';
import { restoreState } from '../../collector/state.ts';
import { listening } from './listening.ts';

const TICK_MS = 1_000;
const position: Position = { segment: 1, offset: 0 };
const nowhere = {
  failing: false,
  append: async <T>(_record: unknown, apply: (position: Position) => T): Promise<T> => apply(position),
};

const config = readCollectorConfig(process.argv[2] as string);
const logger = pino({ enabled: false });
const key = randomBytes(32);
const now = Date.now;
const { instruments, pipeline, seen } = await restoreState(config, key, now, logger);
const journal = nowhere as unknown as Journal;
const sessionHash = new SessionHash(key);
const intake = new Intake({ config, instruments, journal, pipeline, seen, sessionHash, logger, now });
const { app } = new IngestServer({ config, instruments, intake, journal, tokens: undefined, logger });
setInterval(() => pipeline.tick(), TICK_MS).unref();
app.listen({ host: '127.0.0.1', port: 0 }, () => listening(app.server));
