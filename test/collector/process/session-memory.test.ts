import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { collectorDefaults } from '../../../collector/config.ts';
import { stackDefaults } from '../../../stack/config.ts';
import { bytes } from '../../../stack/quantities.ts';

test('as many sessions as there may be, with long names, are held and saved within the memory of the pod', async () => {
  // Node gives its heap half of the memory that a container may use.
  const heapMib = bytes(stackDefaults.collector.resources.memory) / 2 / 2 ** 20;
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${heapMib}`,
    resolve(import.meta.dirname, 'full-of-sessions.ts'),
  ]);
  expect(JSON.parse(stdout).sessions).toBe(collectorDefaults.limits.sessions);
});
