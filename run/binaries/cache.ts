/** The folder of unpacked binaries: a user's own cache, one folder for each pair of versions. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isExecutable } from './command.ts';
import { type Binaries, type Environment, type Tool, toolNames } from './tools.ts';
import { suffices, versionOf } from './version.ts';

const FOLDER = /^prometheus-(?<prometheus>[\d.]+)-alertmanager-(?<alertmanager>[\d.]+)-(?<platform>.+)$/;
const platform = `${process.platform}-${process.arch}`;

export function cacheFolder(env: Environment): string {
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return join(cache, 'mcp-lookout', 'binaries');
}

function binariesIn(folder: string, prometheus: string, alertmanager: string): Binaries {
  const at = (tool: Tool, version: string) => ({ path: join(folder, tool), version });
  return {
    prometheus: at('prometheus', prometheus),
    promtool: at('promtool', prometheus),
    alertmanager: at('alertmanager', alertmanager),
    amtool: at('amtool', alertmanager),
  };
}

/** What an earlier run unpacked, if it still suffices. */
export function fromCache(env: Environment): Binaries | undefined {
  const root = cacheFolder(env);
  const folders = existsSync(root) ? readdirSync(root).sort().reverse() : [];
  for (const folder of folders) {
    const versions = FOLDER.exec(folder)?.groups;
    if (versions?.platform !== platform) continue;
    const binaries = binariesIn(join(root, folder), versions.prometheus!, versions.alertmanager!);
    if (
      toolNames.every((tool) => suffices(tool, binaries[tool].version) && isExecutable(binaries[tool].path))
    ) {
      return binaries;
    }
  }
  return undefined;
}

/**
 * Lets `unpack` put the four binaries into a fresh folder and, when each runs here and is new enough, gives that folder
 * its final name: a half-unpacked folder is never found, and of two processes at once the first to finish wins.
 * Throws one sentence when a binary is missing, does not run or is too old.
 */
export async function addToCache(
  env: Environment,
  unpack: (folder: string) => Promise<void>,
): Promise<Binaries> {
  const root = cacheFolder(env);
  mkdirSync(root, { recursive: true });
  const fresh = mkdtempSync(join(root, '.unpacking-'));
  try {
    await unpack(fresh);
    const versions: { [T in Tool]?: string } = {};
    for (const tool of toolNames) {
      const version = await versionOf(join(fresh, tool), env);
      if (!suffices(tool, version)) throw new Error(`it offers only ${tool} ${version}`);
      versions[tool] = version;
    }
    const { prometheus, alertmanager } = versions as Record<Tool, string>;
    const folder = join(root, `prometheus-${prometheus}-alertmanager-${alertmanager}-${platform}`);
    try {
      renameSync(fresh, folder);
    } catch (error) {
      if (!existsSync(join(folder, 'amtool'))) throw error;
    }
    return binariesIn(folder, prometheus, alertmanager);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
