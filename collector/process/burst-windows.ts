/**
 * The burst windows that alerts ask for: one for each definition, or one for each source address where bursts are
 * told apart by source.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type BurstWindow as BurstDefinition, burstEvents, windowLabel } from '../catalogue/burst-window.ts';
import { collectorEvictions, collectorLateEvents } from '../catalogue/collector-metrics.ts';
import { authFailuresWindowPeak, dlpBlocksWindowPeak } from '../catalogue/metrics.ts';
import type { CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import { ownerOfWindow } from '../processes/routing.ts';
import { BurstWindow, capacityFor, type WindowShape } from './burst-window.ts';
import type { Occasion } from './parts.ts';
import { holdMsOf } from './peak-hold.ts';

type BurstEvent = BurstDefinition['event'];

/** Windows of one event and length. Definitions that differ in nothing but their limit share it. */
interface Table {
  readonly event: BurstEvent;
  readonly label: string;
  readonly shape: WindowShape;
  /** A source's peak below this is not exposed: half the limit, so that a panel shows what is nearing it. */
  readonly floor: number;
  /** By key, the least recently used first; the key is empty where bursts are not told apart. */
  readonly windows: Map<string, BurstWindow>;
}

const savedWindows = Type.Array(
  Type.Object({
    event: Type.String(),
    window: Type.String(),
    key: Type.String(),
    times: Type.Array(Type.Number()),
    peak: Type.Number(),
  }),
);
const savedCheck = Compile(savedWindows);

export class BurstWindows {
  readonly #tables: readonly Table[];
  readonly #config: CollectorConfig;
  readonly #instruments: Instruments;

  constructor(config: CollectorConfig, instruments: Instruments) {
    this.#config = config;
    this.#instruments = instruments;
    this.#tables = tablesFor(config);
  }

  /**
   * Counts an event in the windows of its kind. One beyond the lateness bound is counted as late instead, also when it
   * was in time but is processed again from the journal long after: a burst of last week must not page now.
   */
  add(event: BurstEvent, key: string, { timeMs, nowMs }: Occasion): void {
    const { partition } = this.#config;
    if (partition && ownerOfWindow(key, partition.directories.length) !== partition.number) return;
    const tables = this.#tables.filter((table) => table.event === event);
    if (tables.length === 0) return;
    if (nowMs - timeMs > this.#config.latenessSeconds * 1_000) {
      this.#instruments.inc(collectorLateEvents, {});
      return;
    }
    for (const table of tables) this.#touch(table, key).add(timeMs, nowMs);
  }

  /** Sets the gauges: every window that has no key, and of the others the largest from their floor up. */
  expose(nowMs: number): void {
    this.#instruments.reset(authFailuresWindowPeak);
    for (const { event, label, windows, floor } of this.#tables) {
      const peaks = [...windows].map(([source, window]) => ({ source, peak: window.peak(nowMs) }));
      if (burstEvents[event] === 'none') {
        this.#instruments.set(dlpBlocksWindowPeak, { window: label }, peaks[0]?.peak ?? 0);
        continue;
      }
      const shown = peaks.filter(({ peak }) => peak >= floor).sort((a, b) => b.peak - a.peak);
      for (const { source, peak } of shown.slice(0, this.#config.limits.windowSeries)) {
        this.#instruments.set(authFailuresWindowPeak, { window: label, source }, peak);
      }
    }
  }

  /** Forgets windows that can no longer matter. */
  tick(nowMs: number): void {
    for (const { windows } of this.#tables) {
      for (const [key, window] of windows) if (window.isSpent(nowMs)) windows.delete(key);
    }
  }

  snapshot(nowMs: number): Static<typeof savedWindows> {
    return this.#tables.flatMap(({ event, label, windows }) =>
      [...windows].map(([key, window]) => ({ event, window: label, key, ...window.snapshot(nowMs) })),
    );
  }

  /** Takes up what was saved, but for windows no longer asked for. False when it has another shape. */
  restore(saved: unknown, nowMs: number): boolean {
    if (!savedCheck.Check(saved)) return false;
    for (const entry of saved) {
      const table = this.#tables.find(({ event, label }) => event === entry.event && label === entry.window);
      if (table) this.#touch(table, entry.key).restore(entry, nowMs);
    }
    return true;
  }

  #touch({ windows, shape }: Table, key: string): BurstWindow {
    const window = windows.get(key) ?? new BurstWindow(shape);
    windows.delete(key);
    windows.set(key, window);
    if (windows.size > this.#config.limits.windowKeys) {
      windows.delete(windows.keys().next().value as string);
      this.#instruments.inc(collectorEvictions, { table: 'window_keys' });
    }
    return window;
  }
}

function tablesFor(config: CollectorConfig): Table[] {
  const latenessMs = config.latenessSeconds * 1_000;
  const sameWindow = Map.groupBy(config.burstWindows, (asked) => `${asked.event} ${asked.windowSeconds}`);
  return [...sameWindow.values()].map((asked) => {
    const [{ event, windowSeconds }] = asked as [BurstDefinition];
    const limits = asked.map(({ limit }) => limit);
    const windowMs = windowSeconds * 1_000;
    const capacity = capacityFor(Math.max(...limits), windowMs, latenessMs);
    return {
      event,
      label: windowLabel(windowSeconds),
      shape: { windowMs, latenessMs, holdMs: holdMsOf(config), capacity },
      floor: Math.ceil(Math.min(...limits) / 2),
      windows: new Map(),
    };
  });
}
