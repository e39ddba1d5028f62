/** The servers that are measured side by side. */
import { join } from 'node:path';
import { Child } from './child.ts';
import {
  configFor,
  type Medium,
  newDataDirectory,
  startCollector,
  startCollectorOn,
  withoutDetectors,
} from './collector.ts';
import type { Target } from './load/load.ts';

export interface Servers {
  readonly raw: Target;
  readonly usual: Target;
  /** Ours with all detectors off, since the others have none; what they cost is a subject of its own. */
  readonly durable: Target;
  /** The same, its data in memory. */
  readonly inMemory: Target;
  /** The durable one as it is deployed, with all detectors on. */
  readonly detecting: Target;
  readonly end: () => Promise<void>;
}

async function startPeer(file: string): Promise<Target & { readonly child: Child }> {
  const child = Child.server(join(import.meta.dirname, 'peers', file));
  const { ingest } = await child.ports();
  return { child, port: ingest!, expect: () => '' };
}

const startWithoutDetectors = (medium: Medium) =>
  startCollector(withoutDetectors(configFor(newDataDirectory(medium))));

export async function startServers(): Promise<Servers> {
  const raw = await startPeer('raw.ts');
  const usual = await startPeer('usual-design.ts');
  const durable = await startWithoutDetectors('disk');
  const inMemory = await startWithoutDetectors('memory');
  const detecting = await startCollectorOn('disk');
  const end = async () => {
    await Promise.all([raw.child.end(), usual.child.end(), durable.end(), inMemory.end(), detecting.end()]);
  };
  return { raw, usual, durable, inMemory, detecting, end };
}
