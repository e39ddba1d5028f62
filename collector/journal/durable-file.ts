/** Files that are whole or not there, whenever the process or the machine stops. */
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes what was written to a file last; of a folder, the names that were created, renamed or removed in it. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A large file is synced part by part: a file system that keeps a log of its own writes all of it before the next commit
 * of the journal comes to its turn.
 */
const SYNC_BYTES = 1024 * 1024;

/**
 * Replaces a file's content at once, readable by the owner only: new file, sync, rename, sync of the folder. What it is
 * made of is asked for part by part.
 */
export async function replaceFile(
  directory: string,
  name: string,
  content: Iterable<Uint8Array>,
): Promise<void> {
  const draft = join(directory, `${name}.draft`);
  const handle = await open(draft, 'w', 0o600);
  try {
    let unsynced = 0;
    for (const part of content) {
      await handle.writeFile(part);
      unsynced += part.length;
      if (unsynced < SYNC_BYTES) continue;
      await handle.datasync();
      unsynced = 0;
    }
    await handle.sync();
  } catch (error) {
    // On a full disk it would take the room that others need.
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  await rename(draft, join(directory, name));
  await sync(directory);
}
