/** The contract as one list: every metric there is, by where it comes from. */
import { collectorMetrics } from './collector-metrics.ts';
import type { Metric } from './metric.ts';
import {
  authFailuresWindowPeak,
  dlpBlocksWindowPeak,
  findingsUnpaged,
  incidentsOpen,
  mcpMetrics,
} from './metrics.ts';
import { platformMetrics } from './platform-metrics.ts';

/** Metrics the collector registers and exposes. */
export const exposedMetrics = { ...mcpMetrics, ...collectorMetrics } as const;
/**
 * What the alerts that page within seconds measure. `/metrics/alerts` shows them and nothing else, and Prometheus takes
 * them from there alone, so that the way to a page is the same however much `/metrics` has to show.
 */
export const pagingMetrics = {
  dlpBlocksWindowPeak,
  authFailuresWindowPeak,
  incidentsOpen,
  findingsUnpaged,
} as const;
/** Every metric an expression may name. */
export const knownMetrics: readonly Metric[] = [
  ...Object.values(exposedMetrics),
  ...Object.values(platformMetrics),
];
