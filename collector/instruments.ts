/**
 * What the collector counts and shows: one instrument for each metric of the catalogue.
 *
 * Born at zero. `increase()` and `rate()` see how far a series rose between two samples, so whatever a series held
 * when it first appeared is lost to them: a tool first seen with 100 errors among 300 calls has an error rate of 0.
 * A new counter or histogram series is therefore first shown as 0, and with its true value from the first scrape that
 * comes at least 1.5 scrape intervals later; by then every Prometheus that scrapes at this interval, two replicas at
 * whatever phase, has stored the 0. The series of one set of open labels (all outcomes of a server, tool and client)
 * are born together, so that the parts of a ratio are. Nothing waits in a queue: a held series counts as it always
 * does and only its zero is shown. Gauges are not held.
 *
 * For the same reason counts that not every scraper has seen outlive the process (`unseen`, `restore`).
 *
 * Values live here and not in the client's own counters, since those join label values with `|` to find a series and
 * so count `a|b`, `c` and `a`, `b|c` as one; the client's registry collects them and writes the text.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { exposedMetrics } from './catalogue/catalogue.ts';
import { collectorSeriesOverflow, type OverflowLabel } from './catalogue/collector-metrics.ts';
import type { OpenLabel } from './catalogue/labels.ts';
import type { LabelValue, Metric } from './catalogue/metric.ts';
import type { CollectorConfig } from './config.ts';
import { Family, type Group, type SavedGroup, type Series } from './series.ts';
import { LabelBounds } from './series-bounds.ts';

/** The labels of one series. Counters and histograms clean and bound the values of open labels, gauges only clean. */
export type SeriesLabels<M extends Metric> = {
  readonly [N in keyof M['labels'] & string]: LabelValue<M, N>;
};

export interface Instruments {
  readonly registry: Registry;
  inc<M extends Metric<'counter'>>(metric: M, labels: SeriesLabels<M>, by?: number): void;
  observe<M extends Metric<'histogram'>>(metric: M, labels: SeriesLabels<M>, value: number): void;
  /** Gauges are set from tables that are bounded themselves; series beyond `seriesPerMetric` are left out. */
  set<M extends Metric<'gauge'>>(metric: M, labels: SeriesLabels<M>, value: number): void;
  /** Takes all series of a gauge out of the exposition. */
  reset(metric: Metric<'gauge'>): void;
  /** The value that series of this label would carry for `value`: clean, and `_other` beyond the label's bound. */
  bounded(label: OpenLabel, value: string): string;
  /**
   * Counts that some scraper may not have seen, to be saved and given to `restore` of the next process: a restart would
   * lose them else. All other counts start at zero there, so that a restart forgets names that nobody uses.
   */
  unseen(): SavedGroup[];
  restore(saved: readonly SavedGroup[]): void;
  /** Whether every scraper has seen all counts. */
  readonly settled: boolean;
  /** Calls `update` before each exposition, for gauges that depend on the time. */
  beforeScrape(update: () => void): void;
  /** The text that Prometheus scrapes. Each call counts as a scrape. */
  exposition(): Promise<string>;
}

/** Of Node's default metrics, those whose names are no valid ones for their kind. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];
/** In scrape intervals: above one, so that two scrapers have passed; below two, so that the next scrape releases. */
const HOLD_INTERVALS = 1.5;

export function createInstruments(config: CollectorConfig, now: () => number): Instruments {
  const registry = new Registry();
  const unseen = new Set<Group>();
  const updates: (() => void)[] = [];
  const families = new Map<string, Family>();
  const holdMs = HOLD_INTERVALS * config.scrapeIntervalSeconds * 1_000;

  const onOverflow = (label: OverflowLabel) => instruments.inc(collectorSeriesOverflow, { label });
  const bounds = new LabelBounds(onOverflow);
  for (const metric of Object.values<Metric>(exposedMetrics)) {
    const onUnseen = (group: Group) => unseen.add(group);
    const family = new Family(metric, bounds, config.limits.seriesPerMetric, onOverflow, onUnseen);
    families.set(metric.name, family);
    registry.registerMetric(collectable(family));
  }
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);

  function seriesOf(metric: Metric, labels: Readonly<Record<string, string>>): Series | undefined {
    const family = families.get(metric.name);
    if (!family) throw new RangeError(`${metric.name} is not a metric the collector exposes`);
    return family.series(labels);
  }

  /** Counts the scrape for every series, and ends the wait of those that all scrapers have seen. */
  function passScrape(at: number): void {
    for (const group of unseen) {
      group.firstShownMs ??= at;
      if (at - group.firstShownMs < holdMs) continue;
      if (group.held) {
        // All have seen its zeros. From now on its values are shown, and wait in turn.
        group.held = false;
        group.firstShownMs = at;
        continue;
      }
      group.unseen = false;
      unseen.delete(group);
    }
  }

  const instruments: Instruments = {
    registry,
    inc(metric, labels, by = 1) {
      if (!(by >= 0 && Number.isFinite(by))) throw new RangeError(`${metric.name} cannot grow by ${by}`);
      const series = seriesOf(metric, labels);
      if (series) series.value += by;
    },
    observe(metric, labels, value) {
      if (!Number.isFinite(value)) throw new RangeError(`${metric.name} cannot observe ${value}`);
      const series = seriesOf(metric, labels);
      if (!series?.buckets || !metric.buckets) return;
      let bucket = 0;
      while (bucket < metric.buckets.length && value > (metric.buckets[bucket] as number)) bucket++;
      series.buckets[bucket] = (series.buckets[bucket] as number) + 1;
      series.value += value;
    },
    set(metric, labels, value) {
      const series = seriesOf(metric, labels);
      if (series) series.value = value;
    },
    reset: (metric) => families.get(metric.name)?.clear(),
    bounded: (label, value) => bounds.admit(label, value),
    unseen: () => [...families.values()].flatMap((family) => family.unseen()),
    get settled() {
      return unseen.size === 0;
    },
    restore(saved) {
      for (const group of saved) families.get(group.metric)?.restore(group);
    },
    beforeScrape: (update) => updates.push(update),
    exposition() {
      for (const update of updates) update();
      passScrape(now());
      return registry.metrics();
    },
  };
  return instruments;
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly metricName?: string;
}

/** A family as the client's registry reads its own metrics. */
function collectable(family: Family): never {
  const { name, help, kind } = family.metric;
  const samples = kind === 'histogram' ? histogramSamples : valueSample;
  const get = () => {
    const values = family.groups.flatMap((group) =>
      [...group.series.values()].flatMap((series) => samples(family.metric, series, group.held)),
    );
    return { name, help, type: kind, aggregator: 'sum', values };
  };
  return { name, help, type: kind, get } as never;
}

function valueSample(_metric: Metric, { labels, value }: Series, held: boolean): Sample[] {
  return [{ labels: {}, sharedLabels: labels, value: held ? 0 : value }];
}

function histogramSamples(metric: Metric, series: Series, held: boolean): Sample[] {
  const { name, buckets = [] } = metric;
  let count = 0;
  const lines = [...(series.buckets ?? [])].map((observations, i) => {
    if (!held) count += observations;
    const labels = { le: buckets[i] ?? '+Inf' };
    return { labels, sharedLabels: series.labels, value: count, metricName: `${name}_bucket` };
  });
  const total = (suffix: string, value: number) => ({
    labels: {},
    sharedLabels: series.labels,
    value,
    metricName: name + suffix,
  });
  return [...lines, total('_sum', held ? 0 : series.value), total('_count', count)];
}
