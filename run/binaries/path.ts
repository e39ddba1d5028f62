/** Binaries on PATH that are new enough. */
import { onPath } from './command.ts';
import { type Binary, type Environment, type SomeBinaries, type Tool, toolNames, tools } from './tools.ts';
import { suffices, versionOf } from './version.ts';

async function newEnough(tool: Tool, env: Environment): Promise<Binary | undefined> {
  for (const command of tools[tool].commands) {
    const path = onPath(command, env);
    // One that does not even say its version is none; another place may have a sound one.
    const version = path && (await versionOf(path, env).catch(() => undefined));
    if (version && suffices(tool, version)) return { path, version };
  }
  return undefined;
}

export async function fromPath(env: Environment): Promise<SomeBinaries> {
  const found = await Promise.all(toolNames.map(async (tool) => [tool, await newEnough(tool, env)] as const));
  return Object.fromEntries(found.filter(([, binary]) => binary !== undefined));
}
