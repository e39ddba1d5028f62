/** Unit tests of the alerts on the monitor itself; they follow the settings they are given. */
import { secondsOf } from '../../collector/catalogue/duration.ts';
import { alertsJob, jobs } from '../../collector/catalogue/jobs.ts';
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
} from '../../collector/catalogue/platform-metrics.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import {
  type AlertTest,
  fires,
  hold,
  type InputSeries,
  nothing,
  SCRAPE,
  series,
  silent,
} from '../test-case.ts';
import { growthTests } from './growth.ts';

interface Growth {
  readonly above: number;
  readonly window: Duration;
}

const prometheus = { job: jobs.prometheus, instance: 'prometheus-0:9090' } as const;
const alertmanager = { job: jobs.alertmanager, instance: 'alertmanager-0:9093' } as const;
const { instance } = prometheus;

export const watchdog = (): AlertTest<never>[] => [
  {
    name: 'it fires from the first evaluation on, whatever else is there',
    interval: SCRAPE,
    input: [series(up, prometheus, hold(1))],
    expect: [fires(0, { labels: {}, value: 1 }), fires(3_600, { labels: {}, value: 1 })],
  },
];

export const ruleEvaluationFailing = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'failed evaluations',
    labels: { instance, rule_group: 'mcp-fast' },
    input: (values) => [
      series(ruleEvaluationFailures, { ...prometheus, rule_group: 'mcp-fast' }, values),
      series(ruleEvaluationFailures, { ...prometheus, rule_group: 'mcp-slow' }, hold(0)),
    ],
  });

export const notificationsFailing = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'failed notifications',
    labels: { integration: 'slack' },
    input: (values) => [
      series(alertmanagerNotificationsFailed, { ...alertmanager, integration: 'slack' }, values),
      series(alertmanagerNotificationsFailed, { ...alertmanager, integration: 'pagerduty' }, hold(0)),
    ],
  });

export const alertsUndelivered = (settings: Growth & { readonly for: Duration }, heldSeconds: number) =>
  growthTests({
    ...settings,
    forSeconds: secondsOf(settings.for),
    heldSeconds,
    what: 'dropped alerts',
    labels: { instance },
    input: (values) => [series(notificationsDropped, prometheus, values)],
  });

export const scrapeLimitHit = (settings: Growth, heldSeconds: number) => {
  const limits = [sampleLimitExceeded, bodySizeLimitExceeded, labelLimitExceeded];
  return limits.flatMap((hit) =>
    growthTests({
      ...settings,
      heldSeconds,
      what: `scrapes refused by ${hit.name}`,
      labels: { instance },
      // Prometheus shows all three from its start, so they come and go together.
      input: (values) =>
        limits.map((limit) =>
          series(limit, prometheus, limit === hit ? values : values.replaceAll(/\b\d+(?=x)/g, '0')),
        ),
    }),
  );
};

/** Tests of a gauge that fires after a waiting time while it is 0. */
function zeroTests(
  settings: { readonly for: Duration },
  heldSeconds: number,
  labels: { readonly job: string; readonly instance: string },
  input: (values: string) => readonly InputSeries[],
): AlertTest<'job' | 'instance'>[] {
  const waits = secondsOf(settings.for);
  const down = { labels, value: 0 };
  return [
    {
      name: 'it fires after the waiting time, until all is well and the hold has passed',
      interval: SCRAPE,
      input: input(`${hold(1, 12)} ${hold(0, waits / 5 + 6)} ${hold(1)}`),
      expect: [
        silent(45 + waits),
        fires(75 + waits, down),
        fires(75 + waits + heldSeconds, down),
        silent(150 + waits + heldSeconds),
      ],
    },
    {
      name: 'shorter than the waiting time, one failed scrape or a target that was taken out stay silent',
      interval: SCRAPE,
      input: input(`${hold(1, 12)} ${hold(0, 3)} ${hold(1, 12)} stale ${nothing(3)} ${hold(1, 12)} stale`),
      expect: [silent(60), silent(75), silent(150), silent(240 + waits)],
    },
  ];
}

export const targetDown = (settings: { readonly for: Duration }, heldSeconds: number) =>
  zeroTests(settings, heldSeconds, alertmanager, (values) => [
    series(up, alertmanager, values),
    series(up, prometheus, hold(1)),
    series(up, { job: jobs.collector, instance: 'collector-0' }, hold(0)),
    series(up, { job: alertsJob, instance: 'collector-0' }, hold(0)),
  ]);

export const configReloadFailing = (settings: { readonly for: Duration }, heldSeconds: number) => [
  ...zeroTests(settings, heldSeconds, prometheus, (values) => [
    series(prometheusConfigReloaded, prometheus, values),
    series(alertmanagerConfigReloaded, alertmanager, hold(1)),
  ]),
  ...zeroTests(settings, heldSeconds, alertmanager, (values) => [
    series(prometheusConfigReloaded, prometheus, hold(1)),
    series(alertmanagerConfigReloaded, alertmanager, values),
  ]),
];
