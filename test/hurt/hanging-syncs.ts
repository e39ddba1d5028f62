/** Loaded before a collector (`node --import`): its syncs do not come back while a file of this name exists. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const original = prototype.datasync;
prototype.datasync = async function hanging(this: unknown) {
  while (existsSync(process.env.HANG_WHILE!)) await sleep(20);
  await original.call(this);
};
