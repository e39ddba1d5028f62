/** Our collector as a process of its own: the program as it is deployed, on one disk or another. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CollectorConfig, collectorDefaults } from '../collector/config.ts';
import { stackDefaults } from '../stack/config.ts';
import { collectorNodeFlags } from '../stack/node-flags.ts';
import { Child } from './child.ts';
import type { Target } from './load/load.ts';

const program = resolve(import.meta.dirname, '../collector/main.ts');
/** As the pod is started. */
export const deployedFlags = collectorNodeFlags(stackDefaults.collector.resources.memory);
const anyPort = { host: '127.0.0.1', port: 0 };

/** Where the collector's data lies. In memory it goes the whole way through its journal but the wait for the disk. */
export type Medium = 'disk' | 'memory';

/** Linux has a file system in memory; elsewhere the disk stands in, and both measure the same. */
const IN_MEMORY = '/dev/shm';
export const directories: Readonly<Record<Medium, string>> = {
  disk: tmpdir(),
  memory: existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(),
};

const made: string[] = [];
process.once('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** Empty, and gone when this process ends. */
export function newDataDirectory(medium: Medium): string {
  const directory = mkdtempSync(join(directories[medium], 'lookout-bench-'));
  made.push(directory);
  return directory;
}

export const configFor = (dataDirectory: string): CollectorConfig => ({
  ...collectorDefaults,
  ingest: anyPort,
  operations: anyPort,
  pages: anyPort,
  dataDirectory,
});

/** The same with all detectors off: what is compared has none, and what they cost is a subject of its own. */
export const withoutDetectors = (config: CollectorConfig): CollectorConfig => ({
  ...config,
  detection: { ...config.detection, enabled: false },
});

export interface RunningCollector extends Target {
  readonly child: Child;
  /** Port of its operations. */
  readonly operations: number;
  readonly directory: string;
  readonly end: () => Promise<void>;
}

/** The path of a configuration, which is written into its data directory. */
export function writeConfig(config: CollectorConfig): string {
  const file = join(config.dataDirectory, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Starts one over the data of a directory. */
export async function startCollector(config: CollectorConfig): Promise<RunningCollector> {
  const child = Child.server(program, ['--config', writeConfig(config)], deployedFlags);
  const { ingest, operations } = await child.ports();
  return {
    child,
    port: ingest!,
    operations: operations!,
    expect: ({ format, eventsPerRequest }) =>
      format.startsWith('otlp') ? '' : `"accepted":${eventsPerRequest},`,
    directory: config.dataDirectory,
    end: async () => {
      await child.end();
      rmSync(config.dataDirectory, { recursive: true, force: true });
    },
  };
}

export const startCollectorOn = (medium: Medium) => startCollector(configFor(newDataDirectory(medium)));
