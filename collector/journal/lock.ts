/**
 * One collector to a folder: a second one would compress and delete segments that the first still writes.
 *
 * Node has no file locks of its own, but SQLite has: the kernel takes them back when the process ends, however it ends,
 * and they hold across containers that mount the same volume.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const NAME = 'lock';
const SQLITE_BUSY = 5;
/** A collector that was just killed may still be on its way out. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 50;

export class FolderLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Throws one sentence when another process holds the folder, `patienceMs` after it was asked. */
  static async take(directory: string, patienceMs = PATIENCE_MS): Promise<FolderLock> {
    const file = join(directory, NAME);
    create(file);
    const database = new DatabaseSync(file);
    // Nothing is written, so that nothing has to be rolled back.
    for (const until = Date.now() + patienceMs; ; ) {
      try {
        database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
        return new FolderLock(database);
      } catch (error) {
        const busy = (error as { errcode?: number }).errcode === SQLITE_BUSY;
        if (!busy || Date.now() >= until) database.close();
        if (!busy) throw error;
        if (Date.now() >= until)
          throw new Error(
            `another collector uses the journal in ${directory}: stop it, or set another dataDirectory`,
          );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Readable by the owner only. Never opens what is there: closing it would give up this process's locks on it. */
function create(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
