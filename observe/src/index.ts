/** MCP Lookout for TypeScript servers: `observe()` around a server or factory, `observeHttp()` for refusals. */
import type { ObserveStats } from './exporter.ts';
import { registry } from './registry.ts';

export type { ObserveStats } from './exporter.ts';
export { type ObserveHttpOptions, observeHttp } from './http-tap.ts';
export type { Redact, RedactContext } from './redact.ts';
export type { ObserveOptions } from './settings.ts';
export { observe } from './wrap.ts';

/**
 * Sends what is queued; for servers that call `process.exit()`. Resolves true when nothing is left, false at the
 * deadline in milliseconds or when the collector could not be reached.
 */
export async function flush(deadlineMs = 2_000): Promise<boolean> {
  const done = await Promise.all(
    registry.observers.map(({ observer }) => observer.exporter.flush(deadlineMs)),
  );
  return done.every(Boolean);
}

/** What became of the events of this process. */
export function stats(): ObserveStats {
  const total: ObserveStats = {
    queued: 0,
    accepted: 0,
    rejected: 0,
    dropped: 0,
    unobserved: 0,
    garbageLines: 0,
    lastError: undefined,
  };
  for (const { stats: one } of registry.observers.map(({ observer }) => observer.exporter)) {
    total.queued += one.queued;
    total.accepted += one.accepted;
    total.rejected += one.rejected;
    total.dropped += one.dropped;
    total.unobserved += one.unobserved;
    total.garbageLines += one.garbageLines;
    total.lastError ??= one.lastError;
  }
  return total;
}
