/** How several processes divide a data directory: a folder for each, with a journal of its own, and one key for all. */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type CollectorConfig, SMALLEST_INDEX_BYTES } from '../config.ts';
import { KEY_FILE, readOrCreateKey } from '../receive/privacy.ts';

const FOLDER = /^partition-(\d+)$/;

/**
 * Throws a sentence when the directory was divided among another number of processes: their events would be looked for
 * where they are not, and counted again when their senders repeat them.
 */
export async function checkDivision({ dataDirectory, processes }: CollectorConfig): Promise<void> {
  // What is wrong with it is told by who writes to it.
  const entries = await readdir(dataDirectory).catch((): string[] => []);
  const folders = entries.filter((entry) => FOLDER.test(entry)).length;
  const before = folders || (entries.includes('journal') ? 1 : processes);
  if (before === processes) return;
  throw new Error(
    `the data directory ${dataDirectory} was written by processes: ${before}. Set processes to ${before} again, or move the directory away to start anew with ${processes}`,
  );
}

/** The folder of each process, made if need be. */
export async function makeFolders(
  { dataDirectory, processes }: CollectorConfig,
  logger: Logger,
): Promise<string[]> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await readOrCreateKey(dataDirectory, logger);
  const folders = Array.from({ length: processes }, (_, i) => join(dataDirectory, `partition-${i}`));
  for (const folder of folders) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // With the same key a session has the same name in all of them.
    await copyFile(join(dataDirectory, KEY_FILE), join(folder, KEY_FILE));
  }
  return folders;
}

/** The configuration of one of them: its share of what belongs to the machine, all of what belongs to a metric. */
export function partOf(
  config: CollectorConfig,
  directories: readonly string[],
  number: number,
  restarts: number,
): CollectorConfig {
  const share = (value: number) => Math.max(1, Math.floor(value / directories.length));
  const { limits } = config;
  const internal = { host: '127.0.0.1', port: 0 };
  return {
    ...config,
    operations: internal,
    pages: internal,
    dataDirectory: directories[number] as string,
    partition: { number, directories: [...directories], restarts },
    journalRetentionBytes: share(config.journalRetentionBytes),
    indexBytes: Math.max(share(config.indexBytes), SMALLEST_INDEX_BYTES),
    limits: {
      ...limits,
      bytesInFlight: share(limits.bytesInFlight),
      sessions: share(limits.sessions),
      dedupeIds: share(limits.dedupeIds),
    },
  };
}
