/** What the collector counts and shows: one instrument for each metric of the catalogue. */
import type { Registry } from 'prom-client';
import type { LabelValue, Metric } from './catalogue/metric.ts';
import type { CollectorConfig } from './config.ts';

/** The labels of one series; a value from outside is cleaned and bounded by the instruments. */
export type SeriesLabels<M extends Metric> = {
  readonly [N in keyof M['labels'] & string]: LabelValue<M, N>;
};

export interface Instruments {
  readonly registry: Registry;
  inc<M extends Metric<'counter'>>(metric: M, labels: SeriesLabels<M>, by?: number): void;
  observe<M extends Metric<'histogram'>>(metric: M, labels: SeriesLabels<M>, value: number): void;
  set<M extends Metric<'gauge'>>(metric: M, labels: SeriesLabels<M>, value: number): void;
  /** Takes one series of a gauge out of the exposition. */
  remove<M extends Metric<'gauge'>>(metric: M, labels: SeriesLabels<M>): void;
  /** Takes all series of a gauge out of the exposition. */
  reset(metric: Metric<'gauge'>): void;
  /** Calls `update` before each exposition, for gauges that depend on the time. */
  beforeScrape(update: () => void): void;
  /** The text that Prometheus scrapes. Each call counts as a scrape. */
  exposition(): Promise<string>;
}

export function createInstruments(_config: CollectorConfig, _now: () => number): Instruments {
  throw new Error('not yet built');
}
