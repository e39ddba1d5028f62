/** The contract as one list: every metric there is, by where it comes from. */
import { collectorMetrics } from './collector-metrics.ts';
import type { Metric } from './metric.ts';
import { mcpMetrics } from './metrics.ts';
import { platformMetrics } from './platform-metrics.ts';

/** Metrics the collector registers and exposes. */
export const exposedMetrics = { ...mcpMetrics, ...collectorMetrics } as const;
/** Every metric an expression may name. */
export const knownMetrics: readonly Metric[] = [
  ...Object.values(exposedMetrics),
  ...Object.values(platformMetrics),
];
