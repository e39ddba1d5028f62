/** Versions of binaries and packages, and whether they suffice. */
import { runCommand } from './command.ts';
import { type Environment, type Tool, tools } from './tools.ts';

/** The upstream part of a version: `3.5.3` of `3.5.3+ds1-6`, of `1:3.5.3-1` and of `prometheus, version 3.5.3+ds1 (...)`. */
export function upstreamVersion(text: string): string | undefined {
  return /(?:^|version |v|:)(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

/** Whether `version` is `minimum` or newer, number by number. */
export function isAtLeast(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  const want = minimum.split('.').map(Number);
  for (const [i, number] of want.entries()) {
    const difference = (have[i] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export const suffices = (tool: Tool, version: string) => isAtLeast(version, tools[tool].atLeast);

/** What the program says of itself. Throws one sentence when it does not run or says nothing. */
export async function versionOf(path: string, env: Environment): Promise<string> {
  const { stdout, stderr } = await runCommand(path, ['--version'], { env, timeoutMs: 20_000 });
  const version = upstreamVersion(stdout) ?? upstreamVersion(stderr);
  if (!version) throw new Error(`${path} --version does not say a version`);
  return version;
}
