/** Alerts on the monitor itself: Prometheus, Alertmanager and the way from them to a human. */

import { growth } from '../collector/catalogue/growth.ts';
import { alertsJob, jobs } from '../collector/catalogue/jobs.ts';
import {
  alertmanagerConfigReloaded,
  alertmanagerNotificationsFailed,
  bodySizeLimitExceeded,
  labelLimitExceeded,
  notificationsDropped,
  prometheusConfigReloaded,
  ruleEvaluationFailures,
  sampleLimitExceeded,
  up,
} from '../collector/catalogue/platform-metrics.ts';
import { constant, equals, not, or, plus, select, sum } from '../collector/catalogue/promql.ts';
import { alert } from './alert.ts';
import * as unitTests from './unit-tests/pipeline.ts';

export const watchdog = alert({
  name: 'Watchdog',
  severity: 'none',
  group: 'pipeline',
  settings: {},
  measure: () => constant(1),
  summary: () => 'This alert always fires: it proves that alerts arrive',
  description: () =>
    'The receiver of this alert is told every minute and calls a human when it is not: then Prometheus, Alertmanager or the way between them is down.',
  action:
    'When this one stops arriving, restart Prometheus and Alertmanager, starting with the one that is down.',
  runbook: 'ir-watchdog',
  tests: unitTests.watchdog,
});

export const ruleEvaluationFailing = alert({
  name: 'RuleEvaluationFailing',
  severity: 'critical',
  group: 'pipeline',
  settings: { above: 0, window: '5m' },
  measure: ({ window }) => sum(growth(ruleEvaluationFailures, window), ['instance', 'rule_group']),
  above: ({ above }) => above,
  summary: ({ instance, rule_group }, value, { window }) =>
    `${value.number} evaluations of ${rule_group} failed on ${instance} within ${window}`,
  description: ({ rule_group }) =>
    `A rule of ${rule_group} ends in an error instead of a result. Its alert cannot fire, which looks like calm.`,
  action: 'Roll back the last change of the rules; if there was none, find the failing rule and disable it.',
  runbook: 'ir-rule-evaluation-failing',
  tests: unitTests.ruleEvaluationFailing,
});

export const notificationsFailing = alert({
  name: 'NotificationsFailing',
  // Critical alerts go to the receivers of pages and of chat both, so that one that still works carries this.
  severity: 'critical',
  group: 'pipeline',
  settings: { above: 0, window: '5m' },
  measure: ({ window }) => sum(growth(alertmanagerNotificationsFailed, window), ['integration']),
  above: ({ above }) => above,
  summary: ({ integration }, value, { window }) =>
    `${value.number} notifications by ${integration} failed within ${window}`,
  description: ({ integration }) =>
    `Alertmanager could not deliver by ${integration} although it tried again. Whoever relies on ${integration} is not told of alerts that fire now.`,
  action:
    'Tell on-call of the firing alerts by another way; then renew the secret of the receiver or open the network path to it.',
  runbook: 'ir-notifications-failing',
  tests: unitTests.notificationsFailing,
});

export const alertsUndelivered = alert({
  name: 'AlertsUndelivered',
  severity: 'critical',
  group: 'pipeline',
  // Watchdog alone is sent every minute, so a server that reaches nobody drops within every window.
  settings: { above: 0, window: '3m', for: '5m' },
  measure: ({ window }) => sum(growth(notificationsDropped, window), ['instance']),
  above: ({ above }) => above,
  summary: ({ instance }, value, { window }) =>
    `${instance} could not hand ${value.number} alerts to any Alertmanager within ${window}`,
  description: ({ instance }) =>
    `${instance} evaluates its rules, but no Alertmanager takes its alerts. Another Prometheus told of this; if it had none, only the dead man's switch would.`,
  action:
    'Restart Alertmanager; if it runs, restore its service or the network policy that lets Prometheus in.',
  runbook: 'ir-alerts-undelivered',
  tests: unitTests.alertsUndelivered,
});

export const scrapeLimitHit = alert({
  name: 'ScrapeLimitHit',
  severity: 'critical',
  group: 'pipeline',
  settings: { above: 0, window: '5m' },
  measure: ({ window }) => {
    const refused = [sampleLimitExceeded, bodySizeLimitExceeded, labelLimitExceeded].map((limit) =>
      sum(growth(limit, window), ['instance']),
    );
    return refused.reduce((all, one) => plus(all, one));
  },
  above: ({ above }) => above,
  summary: ({ instance }, value, { window }) =>
    `${instance} refused ${value.number} scrapes within ${window} because a target showed too much`,
  description: () =>
    'A scrape above a limit is refused whole, so everything about its target is missing, also the security alerts. A flood of made-up names can be meant to do this.',
  action:
    'Stop the sender that floods the target with names; if the series are real, raise the limit of its scrape job.',
  runbook: 'ir-scrape-limit-hit',
  tests: unitTests.scrapeLimitHit,
});

export const targetDown = alert({
  name: 'TargetDown',
  severity: 'warning',
  group: 'pipeline',
  settings: { for: '5m' },
  // A target that DNS no longer names is not seen here. For the collector CollectorDown asks; Prometheus and
  // Alertmanager could not tell of their own absence, which is what the dead man's switch is for.
  measure: () => equals(select(up, { job: not(jobs.collector, alertsJob) }), 0),
  summary: ({ job, instance }) => `${job} does not answer at ${instance}`,
  description: ({ job, instance }, _, settings) =>
    `Prometheus could not scrape ${job} at ${instance} for ${settings.for}. If it is a replica, the other one carries on alone.`,
  action: 'Restart the pod; if it cannot be scheduled, give it a node or a volume it fits on.',
  runbook: 'ir-target-down',
  tests: unitTests.targetDown,
});

export const configReloadFailing = alert({
  name: 'ConfigReloadFailing',
  severity: 'warning',
  group: 'pipeline',
  settings: { for: '5m' },
  measure: () =>
    or(equals(select(prometheusConfigReloaded), 0), equals(select(alertmanagerConfigReloaded), 0)),
  summary: ({ job, instance }) => `${job} at ${instance} refuses its new configuration`,
  description: ({ job, instance }) =>
    `${job} at ${instance} could not load the configuration it was given and carries on with the old one. After its next restart it would not come up.`,
  action: 'Roll back the last change of the configuration, then fix it and apply it again.',
  runbook: 'ir-config-reload-failing',
  tests: unitTests.configReloadFailing,
});
