/** Metrics of Prometheus and Alertmanager themselves that our alerts and panels watch; we do not expose them. */
import { counter, gauge, type Metric } from './metric.ts';

const any = { bound: Number.POSITIVE_INFINITY };

export const up = gauge('up', { help: '1 when the last scrape of the target succeeded.' });

export const scrapeSamples = gauge('scrape_samples_post_metric_relabeling', {
  help: 'Samples of the last scrape.',
});

export const scrapeDuration = gauge('scrape_duration_seconds', {
  help: 'Duration of the last scrape.',
  unit: 'seconds',
});

export const processResidentMemory = gauge('process_resident_memory_bytes', {
  help: 'Resident memory of a process.',
  unit: 'bytes',
});

export const processCpuSeconds = counter('process_cpu_seconds_total', {
  help: 'CPU time of a process.',
  unit: 'seconds',
});

export const ruleEvaluationFailures = counter('prometheus_rule_evaluation_failures_total', {
  help: 'Rule evaluations that failed.',
  labels: { rule_group: any },
});

export const ruleGroupIterationsMissed = counter('prometheus_rule_group_iterations_missed_total', {
  help: 'Rule group evaluations skipped because the one before was slow.',
  labels: { rule_group: any },
});

export const notificationsDropped = counter('prometheus_notifications_dropped_total', {
  help: 'Alerts that Prometheus could not hand to any Alertmanager.',
});

export const notificationErrors = counter('prometheus_notifications_errors_total', {
  help: 'Alerts that Prometheus failed to send to one Alertmanager.',
  labels: { alertmanager: any },
});

export const alertmanagerNotifications = counter('alertmanager_notifications_total', {
  help: 'Notifications that Alertmanager tried to send.',
  labels: { integration: any },
});

export const alertmanagerNotificationsFailed = counter('alertmanager_notifications_failed_total', {
  help: 'Notifications that Alertmanager failed to send.',
  labels: { integration: any },
});

export const alertmanagerClusterMembers = gauge('alertmanager_cluster_members', {
  help: 'Peers an Alertmanager sees, itself included.',
});

export const alertmanagerConfigReloaded = gauge('alertmanager_config_last_reload_successful', {
  help: '1 when the last reload of the configuration succeeded.',
});

export const prometheusConfigReloaded = gauge('prometheus_config_last_reload_successful', {
  help: '1 when the last reload of the configuration succeeded.',
});

export const sampleLimitExceeded = counter('prometheus_target_scrapes_exceeded_sample_limit_total', {
  help: 'Scrapes refused whole because the target had more samples than its limit.',
});

export const bodySizeLimitExceeded = counter('prometheus_target_scrapes_exceeded_body_size_limit_total', {
  help: 'Scrapes refused whole because the target answered with more bytes than its limit.',
});

export const labelLimitExceeded = counter('prometheus_target_scrape_pool_exceeded_label_limits_total', {
  help: 'Scrapes refused whole because a series had more or longer labels than the limit.',
});

export const headSeries = gauge('prometheus_tsdb_head_series', {
  help: 'Series in the head block of the TSDB.',
});

/** Written by Prometheus for every alert that is pending or firing, with whichever labels the alert's series have. */
export const alerts = gauge('ALERTS', {
  help: 'Alerts that are pending or firing; always 1.',
  labels: {
    alertname: any,
    alertstate: ['pending', 'firing'],
    severity: any,
    server: any,
    tool: any,
    source: any,
    session_type: any,
  },
});

export const platformMetrics = {
  up,
  scrapeSamples,
  scrapeDuration,
  processResidentMemory,
  processCpuSeconds,
  ruleEvaluationFailures,
  ruleGroupIterationsMissed,
  notificationsDropped,
  notificationErrors,
  alertmanagerNotifications,
  alertmanagerNotificationsFailed,
  alertmanagerClusterMembers,
  alertmanagerConfigReloaded,
  prometheusConfigReloaded,
  sampleLimitExceeded,
  bodySizeLimitExceeded,
  labelLimitExceeded,
  headSeries,
  alerts,
} as const satisfies Record<string, Metric>;
