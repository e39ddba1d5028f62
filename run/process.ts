/** A child process of the local stack: started, waited for until it answers, and stopped with nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lines of its log that are kept, and how long one may be. */
const LOG_LINES = 500;
const LINE_LENGTH = 2_000;
/** Lines of the log that an error quotes. */
const QUOTED_LINES = 8;

interface ProcessOptions {
  /** What people call it: `Prometheus`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Answers 2xx once it is ready. */
  readonly readyUrl: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly readyWithinMs?: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** The last lines of its outputs. */
  readonly log: () => readonly string[];
  /** Settles when it has ended, however it ended. */
  readonly ended: Promise<string>;
  /** TERM, and after `graceMs` KILL. Settles when it has ended. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/** Children that run: whatever ends this process by an error ends them too. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Settles when the process answers. Rejects with one sentence and the last lines of its log, after stopping it. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { name, command, args, readyUrl, env, readyWithinMs = 30_000 } = options;
  // An own process group: Ctrl-C in a terminal reaches this process only, which then stops its children in order.
  const child = spawn(command, args, {
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  children.add(child);
  const log = keepLog(child);
  const ended = endOf(child).finally(() => children.delete(child));
  const running: RunningProcess = {
    pid: child.pid ?? 0,
    log,
    ended,
    stop: async (graceMs = 5_000) => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
  let endedWith: string | undefined;
  ended.then((how) => {
    endedWith = how;
  });
  const deadline = Date.now() + readyWithinMs;
  while (endedWith === undefined && Date.now() < deadline) {
    if (await answers(readyUrl)) return running;
    await Promise.race([ended, sleep(50)]);
  }
  const what = endedWith ?? `did not answer at ${readyUrl} within ${readyWithinMs / 1_000} s`;
  await running.stop(0);
  const quoted = log()
    .slice(-QUOTED_LINES)
    .map((line) => `\n  ${line}`)
    .join('');
  throw new Error(`${name} ${what}${hint(log())}${quoted}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function endOf(child: ChildProcess): Promise<string> {
  const notStarted = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? `there is no program ${child.spawnfile}` : error.message;
      resolve(`did not start: ${why}`);
    });
  });
  const stopped = once(child, 'close').then(([code, signal]) =>
    signal ? `was ended by ${signal}` : `ended with exit code ${code}`,
  );
  return Promise.race([notStarted, stopped.catch(() => notStarted)]);
}

function keepLog(child: ChildProcess): () => readonly string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop()!.slice(0, LINE_LENGTH);
      lines.push(...parts.map((line) => line.slice(0, LINE_LENGTH)));
      lines.splice(0, lines.length - LOG_LINES);
    });
    stream?.on('end', () => rest && lines.push(rest));
  }
  return () => [...lines];
}

/** What to do about the failure that its log speaks of. */
function hint(log: readonly string[]): string {
  const text = log.join('\n');
  if (/EADDRINUSE|address already in use/i.test(text)) {
    return ': its port is in use; stop the program that listens there, or start again to get other ports';
  }
  return /ENOSPC|no space left on device/i.test(text)
    ? ': the disk is full; free some space and start again'
    : '';
}
