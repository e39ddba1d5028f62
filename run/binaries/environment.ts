/** Binaries that environment variables name. */
import { resolve } from 'node:path';
import { isExecutable } from './command.ts';
import { type Binary, type Environment, type SomeBinaries, type Tool, toolNames, tools } from './tools.ts';
import { suffices, versionOf } from './version.ts';

/** What a user named must work: throws one sentence that names the variable instead of looking elsewhere. */
export async function fromEnvironment(env: Environment): Promise<SomeBinaries> {
  const found: { [T in Tool]?: Binary } = {};
  for (const tool of toolNames) {
    const { variable, atLeast } = tools[tool];
    const named = env[variable];
    if (!named) continue;
    const path = resolve(named);
    if (!isExecutable(path)) throw new Error(`${variable}=${path} is not a program that can be run`);
    const version = await versionOf(path, env);
    if (!suffices(tool, version)) {
      throw new Error(`${variable}=${path} is version ${version}; ${atLeast} or newer is needed`);
    }
    found[tool] = { path, version };
  }
  return found;
}
