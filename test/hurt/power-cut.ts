/** Does to a data directory what a power cut does: only what was synced is sure to be there. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Cut {
  /** Bytes behind the last sync of their file, which were lost or torn. */
  readonly bytes: number;
  /** Files whose names had not been synced, which are gone. */
  readonly names: number;
}

/** A database syncs by itself, unseen by the record; it is derived from the journal and not what is cut here. */
const isDatabase = (name: string) => /\.(?:sqlite|db)(?:-\w+)?$/.test(name);

/** `record`: what `recorded-syncs.ts` wrote down. `random`: numbers from 0 to below 1. */
export function cutPower(directory: string, record: string, random: () => number): Cut {
  const bytesOf = new Map<number, number>();
  const namesOf = new Map<number, ReadonlySet<string>>();
  for (const line of readFileSync(record, 'utf8').split('\n').filter(Boolean)) {
    const { ino, bytes, names } = JSON.parse(line);
    if (names === undefined) bytesOf.set(ino, bytes);
    else namesOf.set(ino, new Set(names));
  }
  const cut = { bytes: 0, names: 0 };

  function cutFile(path: string): void {
    const { ino, size } = statSync(path);
    const synced = bytesOf.get(ino) ?? 0;
    if (size <= synced) return;
    cut.bytes += size - synced;
    const content = readFileSync(path);
    const rest = content.subarray(synced, synced + Math.floor(random() * (size - synced + 1)));
    // What of the rest reached the disk is cut short, has holes, or is what the disk held before.
    const fate = random();
    if (fate < 0.3) rest.fill(0, Math.floor(random() * rest.length));
    else if (fate < 0.6) for (let i = 0; i < rest.length; i++) if (random() < 0.5) rest[i] = random() * 256;
    writeFileSync(path, content.subarray(0, fate < 0.8 ? synced + rest.length : synced));
  }

  function cutFolder(folder: string): void {
    const known = namesOf.get(statSync(folder).ino);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) cutFolder(path);
      else if (entry.name === 'config.json' || isDatabase(entry.name)) continue;
      else if (known !== undefined && !known.has(entry.name) && random() < 0.5) {
        rmSync(path);
        cut.names++;
      } else cutFile(path);
    }
  }
  cutFolder(directory);
  return cut;
}
