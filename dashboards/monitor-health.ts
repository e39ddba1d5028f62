/** Panels about Prometheus, Alertmanager, and what all components use. */
import {
  BytesIEC,
  CountsPerMinute,
  PercentUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import {
  alertmanagerClusterMembers,
  alertmanagerConfigReloaded,
  alertmanagerNotifications,
  headSeries,
  notificationErrors,
  processCpuSeconds,
  processResidentMemory,
  prometheusConfigReloaded,
  ruleGroupIterationsMissed,
  scrapeDuration,
  scrapeSamples,
  up,
} from '../collector/catalogue/platform-metrics.ts';
import { max, min, or, rate, select, sum, times } from '../collector/catalogue/promql.ts';
import { series } from './panel.ts';
import { lines, number } from './panels.ts';
import { column, table } from './table.ts';
import { measured } from './watched.ts';

/** Prometheus and Alertmanager are scraped less often than the collector: a rate over its short interval has no points. */
const slowlyScraped = { step: '30s' } as const;

const perTarget = ['job', 'instance'] as const;
const targetName = ({ job, instance }: { job: string; instance: string }) => `${job} ${instance}`;

export const targets = (alerts: ResolvedAlerts) =>
  table({
    title: 'Targets',
    meaning: 'Everything that Prometheus scrapes. Bad: a target that is down, or whose samples jump.',
    alert: alerts.TargetDown,
    unit: Short,
    rows: { job: 'Job', instance: 'Instance' },
    columns: [
      column('State', max(select(up), perTarget), Short, {
        words: { 1: ['up', 'green'], 0: ['down', 'red'] },
      }),
      column('Scrape duration', max(select(scrapeDuration), perTarget), Seconds),
      column('Samples', max(select(scrapeSamples), perTarget), Short, { decimals: 0 }),
    ],
    sortBy: 'Samples',
  });

export const scrapeDurations = lines({
  title: 'Scrape duration',
  meaning:
    'Bad: near the scrape interval: the next step is missed scrapes, and bursts that are held for nobody.',
  first:
    'Lower the number of series at their source (bounds in stack.config.ts) or give the target more CPU.',
  unit: Seconds,
  series: [series(max(select(scrapeDuration), perTarget), targetName)],
});

export const samples = lines({
  title: 'Samples per scrape',
  meaning: 'Bad: a steep climb: somebody makes up names. At the limit the scrape is refused whole.',
  first: 'Stop the sender of the made-up names: the overflow by label above says what they are.',
  unit: Short,
  series: [series(max(select(scrapeSamples), perTarget), targetName)],
});

export const missedEvaluations = lines({
  title: 'Rule evaluations skipped',
  meaning:
    'Evaluations per minute that were left out because the one before was slow. Bad: any: alerts come late.',
  first: 'Give Prometheus more CPU; long ranges on many series are the usual cause.',
  unit: CountsPerMinute,
  series: [
    series(
      times(sum(rate(ruleGroupIterationsMissed, '$__rate_interval'), ['rule_group']), 60),
      ({ rule_group }) => rule_group,
      slowlyScraped,
    ),
  ],
});

export const seriesHeld = lines({
  title: 'Series in Prometheus',
  meaning: 'Bad: growth that does not level off: memory follows it.',
  first: 'Lower the bounds of the labels that grow, or raise Prometheus’ memory before it is killed.',
  unit: Short,
  series: [series(max(select(headSeries), ['instance']), ({ instance }) => instance)],
});

export const notifications = lines({
  title: 'Notifications per minute',
  meaning: 'What Alertmanager tried to send. Bad: none at all: Watchdog alone goes out every minute.',
  first: 'Restart Alertmanager; if it runs, test the route with `amtool config routes test`.',
  unit: CountsPerMinute,
  series: [
    series(
      times(sum(rate(alertmanagerNotifications, '$__rate_interval'), ['integration']), 60),
      ({ integration }) => integration,
      slowlyScraped,
    ),
  ],
});

export const configAccepted = (alerts: ResolvedAlerts) =>
  number({
    title: 'Configuration',
    meaning:
      'Whether Prometheus and Alertmanager run the configuration they were last given. Bad: refused: they carry on with the old one and would not come up again.',
    alert: alerts.ConfigReloadFailing,
    unit: Short,
    height: 8,
    span: 6,
    noValue: 'Not scraped',
    series: series(
      min(or(select(prometheusConfigReloaded), select(alertmanagerConfigReloaded))),
      'configuration',
    ),
    words: { 1: ['Accepted', 'green'], 0: ['Refused', 'red'] },
  });

export const peers = number({
  title: 'Alertmanager peers',
  meaning:
    'What the loneliest Alertmanager sees, itself included. Bad: fewer than run: both would page for the same alert.',
  first: 'Open port 9094, TCP and UDP, between them.',
  unit: Short,
  height: 8,
  span: 6,
  noValue: 'Not clustered',
  series: series(min(select(alertmanagerClusterMembers)), 'peers'),
});

export const sendErrors = lines({
  title: 'Alerts that one Alertmanager refused',
  meaning:
    'Alerts per minute that Prometheus could not send to one of them. Bad: lasting: that one is alone with its old alerts; as long as another takes them, nothing is lost.',
  first: 'Restart that Alertmanager, or open the network path from Prometheus to it.',
  unit: CountsPerMinute,
  series: [
    series(
      times(sum(rate(notificationErrors, '$__rate_interval'), ['alertmanager']), 60),
      ({ alertmanager }) => alertmanager,
      slowlyScraped,
    ),
  ],
});

export const memory = lines({
  title: 'Memory',
  meaning: 'Resident memory of each process. Bad: a climb that does not level off below its limit.',
  first:
    'Raise the memory of that component in stack.config.ts before it is killed, then find which bound grew.',
  unit: BytesIEC,
  series: [series(max(select(processResidentMemory), perTarget), targetName)],
});

export const cpu = lines({
  title: 'CPU',
  meaning:
    'Cores in use by each process; 100 % is one core. Bad: the collector near one core: its event loop is full and answers slow down.',
  first: 'Send larger batches, which cost less each event, or give the component a faster node.',
  unit: PercentUnit,
  series: [series(max(rate(processCpuSeconds, '$__rate_interval'), perTarget), targetName, slowlyScraped)],
});

export const ruleFailures = (alerts: ResolvedAlerts) =>
  measured(alerts, 'RuleEvaluationFailing', {
    title: 'Rule evaluations that failed',
    meaning: 'Over the alert’s window. Bad: any: that rule’s alert cannot fire, which looks like calm.',
    unit: Short,
    legend: ({ instance, rule_group }) => `${rule_group} on ${instance}`,
  });

export const refusedScrapes = (alerts: ResolvedAlerts) =>
  measured(alerts, 'ScrapeLimitHit', {
    title: 'Scrapes refused at a limit',
    meaning: 'Over the alert’s window. Bad: any: everything about that target is missing.',
    unit: Short,
    legend: ({ instance }) => instance,
  });

export const failedNotifications = (alerts: ResolvedAlerts) =>
  measured(alerts, 'NotificationsFailing', {
    title: 'Notifications that failed',
    meaning: 'By integration, over the alert’s window. Bad: any: whoever relies on it is not told.',
    unit: Short,
    legend: ({ integration }) => integration,
  });

export const undelivered = (alerts: ResolvedAlerts) =>
  measured(alerts, 'AlertsUndelivered', {
    title: 'Alerts that reached no Alertmanager',
    meaning: 'By Prometheus, over the alert’s window. Bad: any: its alerts go nowhere.',
    unit: Short,
    legend: ({ instance }) => instance,
  });
