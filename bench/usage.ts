/**
 * Loaded before a server's own code (`node --import`), which stays as it is: says what the process has used. Once it was
 * asked to watch, it also says for how long its event loop stood still, and how long writes of several buffers took: those of
 * the journal, which come back when they are on disk.
 */
import { open } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answerMessages, type Usage, type Watched } from './child.ts';

const RESOLUTION_MS = 2;
const NS_PER_MS = 1_000_000;

let loop: ReturnType<typeof monitorEventLoopDelay> | undefined;
let syncsMs: number[] = [];

async function watch(): Promise<void> {
  loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { writev } = prototype;
  prototype.writev = async function timed(this: unknown, ...given: unknown[]) {
    const started = performance.now();
    const written = await writev.apply(this, given);
    syncsMs.push(performance.now() - started);
    return written;
  };
}

/** Since the last answer. */
function watched(): Watched | undefined {
  if (loop === undefined) return undefined;
  const syncs = syncsMs.sort((a, b) => a - b);
  const stood = (ns: number) => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  const found = {
    loopMs: { p99: stood(loop.percentile(99)), max: stood(loop.max) },
    syncMs: { p99: syncs[Math.ceil(syncs.length * 0.99) - 1] ?? 0, max: syncs.at(-1) ?? 0 },
  };
  loop.reset();
  syncsMs = [];
  return found;
}

answerMessages(async (message: { watch?: boolean }): Promise<Usage> => {
  if (message.watch && loop === undefined) await watch();
  const { user, system } = process.cpuUsage();
  const peakRssBytes = process.resourceUsage().maxRSS * 1_024;
  return {
    cpuUs: user + system,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes,
    watched: watched(),
  };
});
// A server that is done may end.
process.channel?.unref();
