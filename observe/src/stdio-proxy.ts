/**
 * Stands between an MCP client and a server on stdio. Bytes pass unchanged and unhindered in both directions; a copy
 * is read beside them. Ends as the server ends: with its exit code or its signal.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { Conversation } from './conversation.ts';
import { Lines } from './framing.ts';
import type { Observed } from './json-rpc.ts';
import { Observer } from './observer.ts';
import { CONNECTION_LOST, SERVER_LOST } from './outcome.ts';
import type { Settings } from './settings.ts';

/** Most MCP clients close stdin, wait two seconds, send SIGTERM, wait two more and kill: this must be done by then. */
const KILL_AFTER_LEAVING_MS = 1_500;
/** Whoever signals without closing stdin first is a supervisor, and gives more time. */
const KILL_AFTER_SIGNAL_MS = 5_000;
/** After its input ended, a server may be busy with what it was asked, but not for ever. */
const IDLE_AFTER_END_MS = 5_000;
const BUSY_AFTER_END_MS = 60_000;
const CHECK_EVERY_MS = 200;
/** Output that a server's own children hold open after it is gone. */
const OUTPUT_AFTER_EXIT_MS = 1_000;
const FLUSH_WITHIN_MS = 1_000;

const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** Signals that do not end a Node process: one is ignored, the other starts its debugger. */
const KEPT_BY_NODE: ReadonlySet<NodeJS.Signals> = new Set(['SIGPIPE', 'SIGUSR1']);
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Runs the server until it ends, then sets this process's exit code or ends it by the same signal. */
export async function proxyStdio(
  command: string,
  args: readonly string[],
  settings: Settings,
): Promise<void> {
  const observer = new Observer(settings, basename(command));
  const { stats } = observer.exporter;
  const conversation = new Conversation(observer, { perspective: 'gateway', session: () => undefined });
  const quietly = (look: () => void) => {
    try {
      look();
    } catch {
      stats.unobserved += 1;
    }
  };
  const fromClient = new Lines((observed) => {
    if (observed !== undefined) conversation.fromClient(observed, {});
  });
  const fromServer = new Lines((observed: Observed | undefined) => {
    if (observed === undefined) stats.garbageLines += 1;
    else conversation.fromServer(observed);
  });

  // A group of its own, so that a server started through npx or a shell can be ended with everything it started.
  const grouped = process.platform !== 'win32';
  const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: grouped });
  const signal = (name: NodeJS.Signals) => kill(server, name, grouped);
  const exited = exitOf(server);

  // Forwarding first, reading after: the copy must not delay the message it is of.
  process.stdin.pipe(server.stdin);
  process.stdin.on('data', (chunk: Buffer) => quietly(() => fromClient.push(chunk)));
  server.stdout.pipe(process.stdout, { end: false });
  let lastOutput = Date.now();
  server.stdout.on('data', (chunk: Buffer) => {
    lastOutput = Date.now();
    quietly(() => fromServer.push(chunk));
  });
  // The server's exit says more than the pipe it broke.
  server.stdin.on('error', () => {});

  let clientLeft = false;
  let watch: NodeJS.Timeout | undefined;
  let killer: NodeJS.Timeout | undefined;
  const terminate = (name: NodeJS.Signals) => {
    clearInterval(watch);
    signal(name);
    clearTimeout(killer);
    killer = setTimeout(() => signal('SIGKILL'), clientLeft ? KILL_AFTER_LEAVING_MS : KILL_AFTER_SIGNAL_MS);
  };
  for (const name of FORWARDED) process.on(name, () => terminate(name));
  process.stdout.on('error', () => terminate('SIGTERM'));

  const parent = process.ppid;
  process.stdin.on('end', () => {
    clientLeft = true;
    const ended = Date.now();
    watch = setInterval(() => {
      const now = Date.now();
      const idle = conversation.callsInFlight === 0 && now - Math.max(ended, lastOutput) >= IDLE_AFTER_END_MS;
      if (idle || now - ended >= BUSY_AFTER_END_MS || process.ppid !== parent) terminate('SIGTERM');
    }, CHECK_EVERY_MS);
  });

  const { code, signal: endedBy, error } = await exited;
  clearTimeout(killer);
  clearInterval(watch);
  process.stdin.unpipe(server.stdin);
  process.stdin.pause();
  if (grouped && error === undefined) signal('SIGTERM');
  quietly(() =>
    conversation.close(
      endedBy ? `server ended by ${endedBy}` : `server exited with ${code}`,
      // The client had not left: it is the server that failed the calls in flight.
      clientLeft ? CONNECTION_LOST : SERVER_LOST,
    ),
  );
  await drained();
  await observer.end(FLUSH_WITHIN_MS);
  tellLosses(observer);
  for (const name of FORWARDED) process.removeAllListeners(name);
  if (error !== undefined) {
    process.stderr.write(`mcp-lookout-observe: cannot start ${command}: ${error.message}\n`);
    process.exitCode = error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
  } else if (endedBy !== null) {
    // Node ignores some signals or uses them itself: then the exit code says it, as a shell's does.
    process.exitCode = 128 + constants.signals[endedBy];
    if (!KEPT_BY_NODE.has(endedBy)) process.kill(process.pid, endedBy);
  } else {
    process.exitCode = code ?? 1;
  }
  process.stdin.destroy();
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: NodeJS.ErrnoException;
}

/** Resolves once the server has ended and its output was read, whatever its own children still hold open. */
function exitOf(server: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    server.on('error', (error) => {
      if (server.pid === undefined) resolve({ code: null, signal: null, error });
    });
    server.on('close', (code, signal) => resolve({ code, signal }));
    server.on('exit', (code, signal) => {
      setTimeout(() => resolve({ code, signal }), OUTPUT_AFTER_EXIT_MS).unref();
    });
  });
}

function kill(server: ChildProcess, signal: NodeJS.Signals, grouped: boolean): void {
  if (server.pid === undefined) return;
  try {
    if (grouped) process.kill(-server.pid, signal);
    else server.kill(signal);
  } catch {
    // Already gone.
  }
}

/** Resolves when what was written to stdout has left this process. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.destroyed || process.stdout.writableLength === 0) resolve();
    else process.stdout.write('', () => resolve());
  });
}

/** One line where the client shows its servers' messages; silence if nothing was lost. */
export function tellLosses(observer: Observer): void {
  const { dropped, rejected, queued, unobserved, garbageLines, lastError } = observer.exporter.stats;
  const losses = [
    dropped + queued > 0 &&
      `${dropped + queued} events could not be sent${lastError ? ` (${lastError})` : ''}`,
    rejected > 0 && `${rejected} events were refused by the collector`,
    unobserved > 0 && `${unobserved} messages could not be followed`,
    garbageLines > 0 && `${garbageLines} lines on the server's stdout were no JSON-RPC`,
  ].filter(Boolean);
  if (losses.length > 0) process.stderr.write(`mcp-lookout-observe: ${losses.join('; ')}\n`);
}
