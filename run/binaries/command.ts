/** Short-lived commands: run one, take what it prints, turn a failure into one sentence. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from './tools.ts';

const run = promisify(execFile);

interface CommandOptions {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly cwd?: string;
}

/** What the command prints. Throws one sentence with the last line it complained with. */
export async function runCommand(
  path: string,
  args: readonly string[],
  { env, timeoutMs, cwd }: CommandOptions,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  try {
    return await run(path, args, {
      env: env as NodeJS.ProcessEnv,
      cwd,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    const { killed, stderr, message } = error as Error & { killed?: boolean; stderr?: string };
    const complaint = killed
      ? `no answer within ${timeoutMs / 1_000} s`
      : stderr?.trim().split('\n').at(-1) || message.split('\n')[0];
    throw new Error(`${[path, ...args.slice(0, 1)].join(' ')} failed: ${complaint}`);
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The absolute path of a command on PATH. */
export function onPath(command: string, env: Environment): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}
