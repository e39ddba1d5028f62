/** Loaded before a collector (`node --import`): its syncs do not come back while a file of this name exists. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
// The journal's segments are written so that a write is a sync.
for (const name of ['datasync', 'writev'] as const) {
  const original = prototype[name];
  prototype[name] = async function hanging(this: unknown, ...given: unknown[]) {
    while (existsSync(process.env.HANG_WHILE!)) await sleep(20);
    return await original.apply(this, given);
  };
}
