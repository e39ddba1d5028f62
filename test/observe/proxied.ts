/** Runs the command-line proxy from its sources, as a client would start it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const cli = join(root, 'observe/src/cli.ts');
export const stdioFixture = join(import.meta.dirname, 'fixtures/stdio-server.ts');
export const everythingServer = join(
  root,
  'node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);
export const filesystemServer = join(
  root,
  'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js',
);

/** What a client is given to start a server behind the proxy. */
export const behindProxy = (
  collector: string,
  command: readonly string[],
  options: readonly string[] = [],
) => ({
  command: process.execPath,
  args: [cli, '--url', collector, ...options, '--', ...command],
  env: { PATH: process.env.PATH ?? '' },
  stderr: 'ignore' as const,
});

/** A server whose code is given as text. */
export const script = (code: string) => [process.execPath, '--input-type=module', '-e', code];

export interface Run {
  readonly proxy: ChildProcessWithoutNullStreams;
  /** Resolves when the process has ended and its output was read. */
  readonly ended: Promise<{
    code: number | null;
    signal: NodeJS.Signals | null;
    stdout: Buffer;
    stderr: string;
  }>;
  /** Resolves when so many lines have come out. */
  lines(count: number): Promise<string[]>;
}

export function runProxy(collector: string, command: readonly string[]): Run {
  const proxy = spawn(process.execPath, [cli, '--url', collector, '--', ...command]);
  const stdout: Buffer[] = [];
  let stderr = '';
  proxy.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  proxy.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  proxy.stdin.on('error', () => {});
  const text = () => Buffer.concat(stdout).toString().split('\n').slice(0, -1);
  return {
    proxy,
    ended: new Promise((resolve) => {
      proxy.on('close', (code, signal) => resolve({ code, signal, stdout: Buffer.concat(stdout), stderr }));
    }),
    lines: async (count) => {
      while (text().length < count) await new Promise((resolve) => setTimeout(resolve, 10));
      return text();
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function untilGone(pid: number, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    if (!isAlive(pid)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return !isAlive(pid);
}
