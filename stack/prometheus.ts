/** prometheus.yml: what is scraped, how often, with which limits, and where alerts go. */
import { stringify } from 'yaml';
import { exposedMetrics, pagingMetrics } from '../collector/catalogue/catalogue.ts';
import { alertsJob, type Job, jobs } from '../collector/catalogue/jobs.ts';
import type { Metric } from '../collector/catalogue/metric.ts';
import type { CollectorLimits } from '../collector/config.ts';
import { components, podsService } from './components.ts';
import type { StackConfig } from './config.ts';

/** How the targets of a job are found: by DNS in a cluster, by address on one machine. */
type TargetDiscovery =
  | { readonly dns_sd_configs: readonly { names: string[]; type: 'SRV'; refresh_interval: string }[] }
  | { readonly static_configs: readonly { targets: string[] }[] };
export type Discovery = { readonly [J in Job]?: TargetDiscovery };

/** The SRV records of a headless Service name pods, so `instance` survives a restart; `refresh_interval` bounds the gap. */
function byDns(job: Job, namespace: string): TargetDiscovery {
  const record = `_${components[job].metricsPort.name}._tcp.${podsService(job)}.${namespace}.svc`;
  return { dns_sd_configs: [{ names: [record], type: 'SRV', refresh_interval: '10s' }] };
}

export function clusterDiscovery(config: StackConfig): Discovery {
  const found = Object.values(jobs).filter((job) => job !== 'grafana' || config.grafana.enabled);
  return Object.fromEntries(found.map((job) => [job, byDns(job, config.namespace)]));
}

export const staticTargets = (...targets: string[]): TargetDiscovery => ({ static_configs: [{ targets }] });

/** Series of Node's and the process's own metrics, which are not in the catalogue; measured 90. */
const RUNTIME_SAMPLES = 500;

/** Sets of open labels are bounded by `seriesPerMetric`, and one more for the overflow; each has all closed values. */
function mostSamples(metric: Metric, limits: CollectorLimits): number {
  let openSets = 1;
  let closedSets = 1;
  for (const label of Object.values(metric.labels)) {
    if ('bound' in label) openSets *= label.bound + 2;
    else closedSets *= label.length;
  }
  // A histogram is a line for each bucket, +Inf, _sum and _count.
  const lines = metric.kind === 'histogram' ? (metric.buckets?.length ?? 0) + 3 : 1;
  return Math.min(openSets, limits.seriesPerMetric + 1) * closedSets * lines;
}

/**
 * The most samples one scrape of the collector can have by its own bounds. Prometheus refuses a scrape above its
 * limit whole, so the limit must never be below what the collector may legitimately expose.
 */
export const collectorSampleLimit = (limits: CollectorLimits): number =>
  samplesOfAll(exposedMetrics, limits) + limits.windowSeries + RUNTIME_SAMPLES;

/** The same of `/metrics/alerts`. */
const pagingSampleLimit = (limits: CollectorLimits): number => samplesOfAll(pagingMetrics, limits);

const samplesOfAll = (metrics: Readonly<Record<string, Metric>>, limits: CollectorLimits): number =>
  Object.values(metrics).reduce((sum, metric) => sum + mostSamples(metric, limits), 0);

/**
 * The longest line of the collector's exposition: two endpoints of 257 UTF-16 units, each unit up to 3 bytes, and what
 * is ours: the metric's name, the labels' names, closed values, the number.
 */
const LONGEST_LINE_BYTES = 2 * 257 * 3 + 200;

/** The most bytes of one such scrape, in the unit of Prometheus: names that somebody makes long must not blind it. */
const collectorBodyLimit = (limits: CollectorLimits, processes: number): string =>
  `${Math.ceil((processes * collectorSampleLimit(limits) * LONGEST_LINE_BYTES) / 2 ** 20)}MB`;

/** What the job of `/metrics/alerts` keeps is dropped here: the same series in two jobs would count twice in every sum. */
const withoutPaging = {
  source_labels: ['__name__'],
  regex: Object.values(pagingMetrics)
    .map(({ name }) => name)
    .join('|'),
  action: 'drop',
};

/** Other components' exposition grows with their own work: bounded by what is generous for each. */
const PLATFORM_SAMPLE_LIMIT = 50_000;
const PLATFORM_BODY_LIMIT = '64MB';

/**
 * The text of prometheus.yml. `ruleFiles` is relative to the file. The `replica` label tells the two servers' series
 * apart and is dropped from alerts, so that Alertmanager takes both servers' alerts for one.
 */
export function prometheusConfig(
  config: StackConfig,
  discovery: Discovery = clusterDiscovery(config),
  ruleFiles = '../rules/*.yaml',
): string {
  const { scrapeInterval } = config.prometheus;
  const { limits, processes } = config.collector;
  const labelLimits = { label_limit: 30, label_name_length_limit: 128, label_value_length_limit: 1_024 };
  const collector = (target: TargetDiscovery): object[] => [
    {
      job_name: jobs.collector,
      sample_limit: processes * collectorSampleLimit(limits),
      ...labelLimits,
      body_size_limit: collectorBodyLimit(limits, processes),
      metric_relabel_configs: [withoutPaging],
      ...target,
    },
    {
      job_name: alertsJob,
      metrics_path: '/metrics/alerts',
      sample_limit: processes * pagingSampleLimit(limits),
      ...labelLimits,
      body_size_limit: PLATFORM_BODY_LIMIT,
      ...target,
    },
  ];
  const platform = (job: Job, target: TargetDiscovery): object => ({
    job_name: jobs[job],
    sample_limit: PLATFORM_SAMPLE_LIMIT,
    ...labelLimits,
    body_size_limit: PLATFORM_BODY_LIMIT,
    scrape_interval: '15s',
    ...target,
  });
  const file = {
    global: {
      scrape_interval: scrapeInterval,
      scrape_timeout: scrapeInterval,
      evaluation_interval: '15s',
      // Prometheus expands the variable from its own environment: the pod's name.
      external_labels: { ...config.externalLabels, replica: '${POD_NAME}' },
    },
    rule_files: [ruleFiles],
    alerting: {
      alert_relabel_configs: [{ regex: 'replica', action: 'labeldrop' }],
      alertmanagers: [{ timeout: '5s', ...discovery.alertmanager }],
    },
    scrape_configs: (Object.entries(discovery) as [Job, TargetDiscovery][]).flatMap(([job, target]) =>
      job === 'collector' ? collector(target) : [platform(job, target)],
    ),
  };
  return stringify(file, { lineWidth: 0 });
}
