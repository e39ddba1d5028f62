/**
 * Loaded before a collector (`node --import`): kills it right before or after the n-th time that it does something to
 * the disk, as `KILL_AT` says: `rename 3 after`.
 */
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [what, count, when] = process.env.KILL_AT!.split(' ') as [string, string, 'before' | 'after'];
let left = Number(count);

function killing(original: (...given: unknown[]) => Promise<unknown>) {
  return async function act(this: unknown, ...given: unknown[]): Promise<unknown> {
    const last = --left === 0;
    if (last && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = await original.apply(this, given);
    if (last) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}

const handle = await files.open('/dev/null');
const ofHandles = Object.getPrototypeOf(handle);
await handle.close();
const owner = (what in files ? files : ofHandles) as Record<
  string,
  (...given: unknown[]) => Promise<unknown>
>;
owner[what] = killing(owner[what]!);
syncBuiltinESMExports();
