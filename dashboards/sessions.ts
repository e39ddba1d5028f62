/** Panels about sessions: how many, how long, how diverse, and what the detectors found in them. */
import { CountsPerMinute, OpsPerMinute, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import {
  findings,
  sessionDuration,
  sessionsActive,
  sessionToolCalls,
  sessionUniqueTools,
} from '../collector/catalogue/metrics.ts';
import {
  atLeast,
  observationIncrease,
  observationRate,
  quantile,
  rate,
  select,
  sum,
  times,
  type Where,
} from '../collector/catalogue/promql.ts';
import { NOT_OBSERVABLE, zeroIfSeen } from './observable.ts';
import { series } from './panel.ts';
import { lines } from './panels.ts';
import { column, table } from './table.ts';
import { chosen } from './variables.ts';

export const ofType = { session_type: chosen.sessionType };

export const activeSessions = lines({
  title: 'Active sessions by type',
  meaning:
    'Sessions that have started and neither ended nor gone idle. Bad: a climb without end (clients do not close, or something opens sessions in a loop) or a fall to zero.',
  first: 'Find the client whose number grows on the dashboard of clients, and stop it if it is not meant.',
  unit: Short,
  stacked: true,
  noValue: NOT_OBSERVABLE,
  series: [series(sum(select(sessionsActive, ofType), ['session_type']), ({ session_type }) => session_type)],
});

export const endedSessions = lines({
  title: 'Sessions ended per minute by type',
  meaning: 'Bad: bursts of very many short sessions, as a scan or a crashing client makes them.',
  first:
    'Compare with the table of sessions: a median duration near zero says crash or scan. Stop that client.',
  unit: OpsPerMinute,
  noValue: NOT_OBSERVABLE,
  series: [
    series(
      times(sum(observationRate(sessionDuration, '$__rate_interval', ofType), ['session_type']), 60),
      ({ session_type }) => session_type,
    ),
  ],
});

const byType = ['session_type'] as const;
const ofSessions = (q: number, metric: typeof sessionDuration | typeof sessionToolCalls) =>
  atLeast(quantile(q, metric, '$__range', byType, ofType), 0);

export const sessionsByType = table({
  title: 'Sessions by type',
  meaning:
    'Sessions that ended in the chosen time. Bad: a p95 far above what the type of work needs: sessions that run on unattended.',
  first: 'Open the longest sessions of the type on the investigation pages and end those that nobody needs.',
  unit: Short,
  rows: { session_type: 'Session type' },
  columns: [
    column('Ended', sum(observationIncrease(sessionDuration, '$__range', ofType), byType), Short, {
      decimals: 0,
    }),
    column('Duration p50', ofSessions(0.5, sessionDuration), Seconds),
    column('Duration p95', ofSessions(0.95, sessionDuration), Seconds),
    column('Calls p50', ofSessions(0.5, sessionToolCalls), Short, { decimals: 0 }),
    column('Calls p95', ofSessions(0.95, sessionToolCalls), Short, { decimals: 0 }),
  ],
  sortBy: 'Ended',
});

export function findingsBySeverity(where: Where<typeof findings> = {}) {
  const found = rate(findings, '$__rate_interval', where);
  return lines({
    title: 'Findings per minute',
    meaning:
      'What the detectors found, when they found it. Bad: any critical one, or many of one detector at once.',
    first:
      'Open the finding’s session on the investigation pages; end the session if its owner cannot explain it.',
    unit: CountsPerMinute,
    noValue: NOT_OBSERVABLE,
    series: [
      series(
        times(sum(found, ['detector', 'severity']), 60),
        ({ detector, severity }) => `${severity}: ${detector}`,
      ),
      series(zeroIfSeen(times(sum(found), 60), 'sessions'), 'all'),
    ],
  });
}

export const distinctToolsByType = table({
  title: 'Distinct tools a session, by type',
  meaning:
    'How many tools the sessions used that ended in the chosen time. Bad: a p95 that grows from week to week: sessions of the type are allowed more and more.',
  first:
    'Split a type whose p95 is far above its median: two kinds of work share it and hide each other’s anomalies.',
  unit: Short,
  rows: { session_type: 'Session type' },
  columns: [
    column(
      'p50',
      atLeast(quantile(0.5, sessionUniqueTools, '$__range', ['session_type'], ofType), 0),
      Short,
      { decimals: 1 },
    ),
    column(
      'p95',
      atLeast(quantile(0.95, sessionUniqueTools, '$__range', ['session_type'], ofType), 0),
      Short,
      { decimals: 1 },
    ),
  ],
  sortBy: 'p95',
});
