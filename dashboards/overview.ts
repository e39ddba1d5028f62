/** Overview: is anything wrong, and what first? */
import { OpsPerMinute, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import { answeredOutcomes, errorOutcomes } from '../collector/catalogue/labels.ts';
import { toolCalls } from '../collector/catalogue/metrics.ts';
import { alerts as shownAlerts, up } from '../collector/catalogue/platform-metrics.ts';
import {
  above,
  constant,
  count,
  equals,
  increase,
  max,
  maxOverTime,
  or,
  rate,
  ratio,
  select,
  sum,
  times,
} from '../collector/catalogue/promql.ts';
import { collectorUp, lastEvent } from './collector-health.ts';
import { dashboard, row } from './dashboard.ts';
import { zeroWhere } from './observable.ts';
import { series } from './panel.ts';
import { lines, number, type Steps } from './panels.ts';
import { findingsBySeverity } from './sessions.ts';
import { column, table } from './table.ts';
import { authBurst, diversity, dlpBurst, errorRate, p99 } from './watched.ts';

const firing = { alertstate: 'firing' } as const;

/** Watchdog always fires, so that no firing alert means calm only where the rules are evaluated. */
const rulesEvaluated = (alerts: ResolvedAlerts) =>
  alerts.Watchdog.enabled
    ? count(select(shownAlerts, { ...firing, alertname: alerts.Watchdog.name }))
    : constant(1);

const anyIs = (color: string): Steps => [[1, color]];

const firingOf = (alerts: ResolvedAlerts, severity: 'critical' | 'warning', color: string) =>
  number({
    title: severity === 'critical' ? 'Critical alerts' : 'Warnings',
    meaning:
      'Alerts that fire now. Bad: any. No number at all: the rules are not evaluated, so calm means nothing.',
    first:
      severity === 'critical'
        ? 'Take the uppermost critical alert of the table below and follow its runbook.'
        : 'Assign each warning of the table below to the owner of its server or session type.',
    unit: Short,
    noValue: 'Rules are not evaluated',
    series: series(
      zeroWhere(count(select(shownAlerts, { ...firing, severity })), rulesEvaluated(alerts)),
      severity,
    ),
    steps: anyIs(color),
  });

const targetsDown = (alerts: ResolvedAlerts) =>
  number({
    title: 'Targets down',
    meaning:
      'Parts of the monitor that Prometheus cannot scrape. Bad: any; see the dashboard of the stack’s health.',
    alert: alerts.TargetDown,
    unit: Short,
    noValue: 'Nothing is scraped',
    series: series(zeroWhere(count(equals(select(up), 0)), count(select(up))), 'down'),
    steps: anyIs('red'),
  });

const failedCalls = number({
  title: 'Failed calls',
  meaning:
    'Share of calls that reached a tool and failed, over the chosen time. Bad: above what is usual for you; one bad tool may hide in it.',
  first: 'Open Operations and sort its table of tools by errors: disable the tool that leads.',
  unit: PercentUnit,
  decimals: 1,
  noValue: 'No calls',
  series: series(
    ratio(
      sum(increase(toolCalls, '$__range', { outcome: errorOutcomes })),
      above(sum(increase(toolCalls, '$__range', { outcome: answeredOutcomes })), 0),
    ),
    'failed',
  ),
});

/** The labels that say what an alert is about. */
const about = ['severity', 'alertname', 'server', 'tool', 'session_type', 'source'] as const;

const alertsTable = (_alerts: ResolvedAlerts) =>
  table({
    title: 'Alerts in the chosen time',
    meaning:
      'What fires now, then what fired and ended. Watchdog always fires: it proves that the rules are evaluated. Bad: anything else that fires.',
    first:
      'Begin with what is critical; each alert’s runbook has its name in the page or message that told you.',
    unit: Short,
    rows: {
      severity: 'Severity',
      alertname: 'Alert',
      server: 'Server',
      tool: 'Tool',
      session_type: 'Session type',
      source: 'Source',
    },
    columns: [
      column(
        'State',
        or(
          max(select(shownAlerts, firing), about),
          times(max(maxOverTime(shownAlerts, '$__range', firing), about), 0),
        ),
        Short,
        { words: { 1: ['firing', 'red'], 0: ['ended', 'text'] } },
      ),
    ],
    sortBy: 'State',
  });

const callsByServer = lines({
  title: 'Calls per minute by server',
  meaning: 'Bad: a server that stops, or one that is suddenly far above its usual.',
  first: 'Open Operations for that server: end the looping session, or restart the server that fell silent.',
  unit: OpsPerMinute,
  stacked: true,
  series: [series(times(sum(rate(toolCalls, '$__rate_interval'), ['server']), 60), ({ server }) => server)],
});

export const overview = (alerts: ResolvedAlerts) =>
  dashboard({
    name: 'overview',
    title: 'Overview',
    question: 'Is anything wrong, and what first?',
    variables: [],
    rows: [
      row('Is anything wrong?', [
        firingOf(alerts, 'critical', 'red'),
        firingOf(alerts, 'warning', 'orange'),
        failedCalls,
        lastEvent,
        collectorUp(alerts),
        targetsDown(alerts),
      ]),
      row('What first?', [alertsTable(alerts)]),
      row('Tools', [errorRate(alerts), p99(alerts), callsByServer]),
      row(
        'Data, identities, sessions',
        [dlpBurst(alerts), authBurst(alerts)],
        [diversity(alerts), findingsBySeverity()],
      ),
    ],
  });
