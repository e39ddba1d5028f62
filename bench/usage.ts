/**
 * Loaded before a server's own code (`node --import`), which stays as it is: says what the process has used, and, once
 * it was asked to watch, for how long its event loop stood still and its files took to be synced.
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
  const { datasync } = prototype;
  prototype.datasync = async function timed(this: unknown) {
    const started = performance.now();
    await datasync.call(this);
    syncsMs.push(performance.now() - started);
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
