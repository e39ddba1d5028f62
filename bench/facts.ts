/** On what a figure was measured: without it no figure can be compared. */
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join, resolve } from 'node:path';
import { directories } from './collector.ts';

const packages = resolve(import.meta.dirname, '../node_modules');
/** Of `statfs(2)`. */
const fileSystems = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlay'],
]);

export interface Facts {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
}

export function facts(): Facts {
  const processors = cpus();
  return {
    machine: {
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release()}`,
      disk: fileSystemOf(directories.disk),
      inMemory: fileSystemOf(directories.memory),
      loadAverageAtStart: Math.round(loadavg()[0]! * 10) / 10,
    },
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(['fastify', 'zod', 'prom-client'].map((name) => [name, versionOf(name)])),
    },
  };
}

function fileSystemOf(directory: string): string {
  const { type: number } = statfsSync(directory);
  return fileSystems.get(number) ?? `0x${number.toString(16)}`;
}

/** With its own name where the project installs a package under another. */
function versionOf(name: string): string {
  const { name: own, version } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  return own === name ? version : `${own} ${version}`;
}
