/** The `job` label of each component: what Prometheus writes and alerts and panels ask for. */
export const jobs = {
  collector: 'collector',
  prometheus: 'prometheus',
  alertmanager: 'alertmanager',
  grafana: 'grafana',
} as const;
export type Job = keyof typeof jobs;
/** The second job of the collector, for `/metrics/alerts`. */
export const alertsJob = 'collector-alerts';
