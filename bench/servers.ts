/** The servers that are measured side by side. */
import { join } from 'node:path';
import { Child } from './child.ts';
import {
  configFor,
  deployedFlags,
  type Medium,
  newDataDirectory,
  startCollector,
  startCollectorOn,
  withoutDetectors,
  writeConfig,
} from './collector.ts';
import type { Target } from './load/load.ts';

export interface Servers {
  readonly raw: Target;
  readonly usual: Target;
  /** Ours with all detectors off, since the others have none; what they cost is a subject of its own. */
  readonly durable: Target;
  /** The same, its data in memory. */
  readonly inMemory: Target;
  /** The same without its journal: what keeping an event costs is the difference. */
  readonly withoutJournal: Target;
  /** The durable one as it is deployed, with all detectors on. */
  readonly detecting: Target;
  readonly end: () => Promise<void>;
}

async function startPeer(
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Target & { readonly child: Child }> {
  const child = Child.server(join(import.meta.dirname, 'peers', file), args, flags);
  const { ingest } = await child.ports();
  return { child, port: ingest!, expect: () => '' };
}

const startWithoutDetectors = (medium: Medium) =>
  startCollector(withoutDetectors(configFor(newDataDirectory(medium))));

function startWithoutJournal() {
  const config = withoutDetectors(configFor(newDataDirectory('memory')));
  return startPeer('without-journal.ts', [writeConfig(config)], deployedFlags);
}

export async function startServers(): Promise<Servers> {
  const raw = await startPeer('raw.ts');
  const usual = await startPeer('usual-design.ts');
  const durable = await startWithoutDetectors('disk');
  const inMemory = await startWithoutDetectors('memory');
  const withoutJournal = await startWithoutJournal();
  const detecting = await startCollectorOn('disk');
  const end = async () => {
    const peers = [raw, usual, withoutJournal].map(({ child }) => child);
    await Promise.all([...peers, durable, inMemory, detecting].map((server) => server.end()));
  };
  return { raw, usual, durable, inMemory, withoutJournal, detecting, end };
}
