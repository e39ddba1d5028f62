/** Copies the binaries out of the pinned container images, which are never run. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, images, reference } from '../../stack/images.ts';
import { addToCache } from './cache.ts';
import { onPath, runCommand } from './command.ts';
import type { Binaries, Environment, Progress, Tool } from './tools.ts';

const engines = ['docker', 'podman'] as const;
const contents: readonly { readonly image: Image; readonly tools: readonly Tool[] }[] = [
  { image: images.prometheus, tools: ['prometheus', 'promtool'] },
  { image: images.alertmanager, tools: ['alertmanager', 'amtool'] },
];

/** Throws one sentence that says why nothing came of it. */
export async function fromContainerImages(env: Environment, progress: Progress): Promise<Binaries> {
  // The images hold Linux programs only.
  if (process.platform !== 'linux') throw new Error('container images help on Linux only');
  const refusals: string[] = [];
  for (const name of engines) {
    const engine = onPath(name, env);
    if (!engine) continue;
    progress(`Copying Prometheus and Alertmanager out of their container images with ${name}`);
    try {
      return await addToCache(env, (folder) => copyOut(engine, folder, env));
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw new Error(refusals.join('; ') || 'neither docker nor podman is on PATH');
}

async function copyOut(engine: string, folder: string, env: Environment): Promise<void> {
  const run = async (...args: string[]) =>
    (await runCommand(engine, args, { env, timeoutMs: 600_000 })).stdout.trim();
  for (const { image, tools } of contents) {
    const container = await run('create', reference(image));
    try {
      for (const tool of tools) {
        await run('cp', `${container}:/bin/${tool}`, join(folder, tool));
        chmodSync(join(folder, tool), 0o755);
      }
    } finally {
      await run('rm', container);
    }
  }
}
