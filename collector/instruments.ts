/** What the collector counts and shows: one instrument for each metric of the catalogue, bounded and born at zero. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Waiting } from './born-at-zero.ts';
import { exposedMetrics, pagingMetrics } from './catalogue/catalogue.ts';
import { collectorSeriesOverflow, type OverflowLabel } from './catalogue/collector-metrics.ts';
import type { OpenLabel } from './catalogue/labels.ts';
import type { LabelValue, Metric } from './catalogue/metric.ts';
import type { CollectorConfig } from './config.ts';
import { exposition } from './exposition.ts';
import { Family, type Labels, type SavedGroup } from './series.ts';
import { LabelBounds } from './series-bounds.ts';
import type { Counter, Group, Histogram } from './series-values.ts';
import { Turns } from './turns.ts';

/** The labels of one series. Counters and histograms clean and bound the values of open labels, gauges only clean. */
export type SeriesLabels<M extends Metric> = {
  readonly [N in keyof M['labels'] & string]: LabelValue<M, N>;
};

export interface Instruments {
  /**
   * The series of a counter, to be held by who counts often: finding it costs ten times what counting does. Values over
   * their bound find the series of `_other`, which counts one overflow each time it is found.
   */
  counter<M extends Metric<'counter'>>(metric: M, labels: SeriesLabels<M>): Counter;
  /** The same of a histogram. */
  histogram<M extends Metric<'histogram'>>(metric: M, labels: SeriesLabels<M>): Histogram;
  /** Whether the series is these labels' own. One that they share beyond a bound is not to be held: finding it counts. */
  hasOwn<M extends Metric>(metric: M, labels: SeriesLabels<M>): boolean;
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
  /** Calls `settle` before all counts are shown, saved or asked about, for those that wait elsewhere. */
  beforeCounts(settle: () => void): void;
  /**
   * The text that Prometheus scrapes, in chunks that each last until the next is asked for. Others have their turn
   * between two chunks. Counts as a scrape once it has been read to its end.
   */
  scrape(): AsyncGenerator<Buffer>;
  /** The same as one text. */
  exposition(): Promise<string>;
  /** Only what the alerts ask for that page within seconds: small, whatever else there is. Counts as a scrape of that. */
  alertsExposition(): string;
}

/** Of Node's default metrics, those whose names are no valid ones for their kind. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** What Node and the process say of themselves, by prom-client. */
export function runtimeRegistry(constant: Labels = {}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(constant);
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}

export function createInstruments(config: CollectorConfig, now: () => number): Instruments {
  // Series of several processes stand beside each other: a sum would fall when one of them starts anew.
  const constant: Labels = config.partition ? { partition: String(config.partition.number) } : {};
  const runtime = runtimeRegistry(constant);
  const waiting = new Waiting(config.scrapeIntervalSeconds);
  // What pages is released by scrapes of its own, so that it never waits for those of everything else.
  const waitingToPage = new Waiting(config.scrapeIntervalSeconds);
  const paging = new Set<Metric>(Object.values(pagingMetrics));
  const updates: (() => void)[] = [];
  const settles: (() => void)[] = [];
  const settleAll = () => {
    for (const settle of settles) settle();
  };

  const onOverflow = (label: OverflowLabel) => instruments.inc(collectorSeriesOverflow, { label });
  const bounds = new LabelBounds(onOverflow);
  const families = new Map<Metric, Family>();
  const { seriesPerMetric } = config.limits;
  for (const metric of Object.values<Metric>(exposedMetrics))
    families.set(
      metric,
      new Family(
        metric,
        paging.has(metric) ? waitingToPage : waiting,
        bounds,
        seriesPerMetric,
        onOverflow,
        constant,
      ),
    );
  const familyOfName = new Map([...families.values()].map((family) => [family.metric.name, family]));

  function familyOf(metric: Metric): Family {
    const family = families.get(metric);
    if (!family) throw new RangeError(`${metric.name} is not a metric the collector exposes`);
    return family;
  }

  const instruments: Instruments = {
    counter(metric, labels: Labels) {
      const family = familyOf(metric);
      return (family.group(labels) as Group).handle(family.seriesIndex(labels)) as Counter;
    },
    histogram(metric, labels: Labels) {
      const family = familyOf(metric);
      return (family.group(labels) as Group).handle(family.seriesIndex(labels)) as Histogram;
    },
    hasOwn: (metric, labels: Labels) => familyOf(metric).has(labels),
    inc: (metric, labels, by) => instruments.counter(metric, labels).add(by),
    observe: (metric, labels, value) => instruments.histogram(metric, labels).observe(value),
    set(metric, labels: Labels, value) {
      const family = familyOf(metric);
      const group = family.group(labels);
      if (group) group.page[group.first + family.seriesIndex(labels)] = value;
    },
    reset: (metric) => familyOf(metric).clear(),
    bounded: (label, value) => bounds.admit(label, value),
    unseen: () => {
      settleAll();
      return [...families.values()].flatMap((family) => family.unseen());
    },
    get settled() {
      settleAll();
      return waiting.settled && waitingToPage.settled;
    },
    restore(saved) {
      for (const group of saved) familyOfName.get(group.metric)?.restore(group);
    },
    beforeScrape: (update) => updates.push(update),
    beforeCounts: (settle) => settles.push(settle),
    async *scrape() {
      settleAll();
      for (const update of updates) update();
      const at = now();
      const turns = new Turns();
      let whole = false;
      try {
        for (const _ of waiting.scrape(at)) await turns.next();
        for (const _ of waitingToPage.scrape(at)) await turns.next();
        for (const chunk of exposition(families.values())) {
          yield chunk;
          await turns.next();
        }
        yield Buffer.from(await runtime.metrics());
        whole = true;
      } finally {
        if (!whole) for (const cut of [waiting, waitingToPage]) cut.cutOff(at);
      }
    },
    async exposition() {
      let text = '';
      for await (const chunk of instruments.scrape()) text += chunk;
      return text;
    },
    alertsExposition() {
      for (const update of updates) update();
      for (const _ of waitingToPage.scrape(now()));
      let text = '';
      for (const chunk of exposition(Object.values(pagingMetrics).map(familyOf))) text += chunk;
      return text;
    },
  };
  return instruments;
}
