/** The end of a process whose disk does not answer: a thread of the pool hangs in the kernel, and no code can free it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'lookout-stop-'));
// Opened to be read, it hangs until somebody writes: nobody does.
const pipe = join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);
afterAll(() => rmSync(folder, { recursive: true }));

const module = resolve(import.meta.dirname, '../../collector/stop.ts');

/** Runs what stops, and says how it ended. */
async function ended(stop: string) {
  const program = `
    import { open } from 'node:fs/promises';
    import { stopWithin } from '${module}';
    setInterval(() => {}, 1_000);
    await stopWithin(() => ${stop}, 0.5);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const late = setTimeout(() => child.kill('SIGTERM'), 10_000);
  const [code, signal] = await once(child, 'close');
  clearTimeout(late);
  return { code, signal, said };
}

test('a stop that comes to its end is one in order', async () => {
  expect(await ended('Promise.resolve()')).toEqual({ code: 0, signal: null, said: '' });
});

test('a stop that hangs in the disk is given up in time, and said so', async () => {
  const { signal, said } = await ended(`open('${pipe}')`);
  expect(signal).toBe('SIGKILL');
  expect(said).toContain('not stopped in order within 0.5 s');
});

test('a stop that fails ends all the same', async () => {
  const { code, said } = await ended("Promise.reject(new Error('no more disk'))");
  expect([code, said]).toEqual([1, expect.stringContaining('no more disk')]);
});
