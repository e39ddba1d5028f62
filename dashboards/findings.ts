/** Findings: what did the detectors find, what may they not be able to see, and how much do they ask of people? */
import { CountsPerMinute, PercentUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import { collectorLearning, collectorSuspicions } from '../collector/catalogue/collector-metrics.ts';
import {
  detectorFindingsRatio,
  detectorLearning,
  detectorThreshold,
  sessionsContent,
} from '../collector/catalogue/metrics.ts';
import { max, rate, select, share, sum, times } from '../collector/catalogue/promql.ts';
import { dashboard, row } from './dashboard.ts';
import { NOT_OBSERVABLE } from './observable.ts';
import { series } from './panel.ts';
import { lines } from './panels.ts';
import { findingsBySeverity, ofType } from './sessions.ts';
import { column, matrix, table } from './table.ts';
import { sessionTypeVariable } from './variables.ts';
import { measured } from './watched.ts';

const whereFound = ({
  detector,
  session_type,
  incident,
}: Record<'detector' | 'session_type' | 'incident', string>) =>
  `${detector} in ${session_type}, incident ${incident}`;

const exfiltration = (alerts: ResolvedAlerts) =>
  measured(alerts, 'ExfiltrationConfirmed', {
    title: 'Data that left',
    meaning:
      'Findings that wait for a verdict, by incident: content of a tool’s result went on to a destination nobody asked for. Bad: any, and more so a second session type.',
    unit: Short,
    noValue: NOT_OBSERVABLE,
    legend: whereFound,
  });

const poisoning = (alerts: ResolvedAlerts) =>
  measured(alerts, 'PoisoningConfirmed', {
    title: 'Injected instructions that were followed',
    meaning:
      'Findings that wait for a verdict, by incident: a tool’s result or description told the agent what to do, and it did. Bad: any, and a rise: the content is read by more and more agents.',
    unit: Short,
    noValue: NOT_OBSERVABLE,
    legend: whereFound,
  });

const credentials = (alerts: ResolvedAlerts) =>
  measured(alerts, 'CredentialAbuseConfirmed', {
    title: 'Secrets passed on, denials got around',
    meaning: 'Findings that wait for a verdict, by incident. Bad: any: what was read has to be rotated.',
    unit: Short,
    noValue: NOT_OBSERVABLE,
    legend: whereFound,
  });

const misbehaviour = (alerts: ResolvedAlerts) =>
  measured(alerts, 'MisbehaviourConfirmed', {
    title: 'Sessions that certainly misbehave',
    meaning:
      'Findings by exact evidence, not by a score, that wait for a verdict, by incident. Bad: any that goes on: nobody has stopped it.',
    unit: Short,
    noValue: NOT_OBSERVABLE,
    legend: whereFound,
  });

const toReview = (alerts: ResolvedAlerts) =>
  measured(alerts, 'FindingsToReview', {
    title: 'Sessions that wait for a verdict',
    meaning:
      'Unusual by their score, by detector, over the alert’s window. Bad: more than anybody reads: the budget is larger than the team.',
    unit: Short,
    noValue: NOT_OBSERVABLE,
    legend: ({ detector }) => detector,
  });

const overBudget = (alerts: ResolvedAlerts) =>
  measured(alerts, 'PageBudgetSpent', {
    title: 'Confirmed findings beyond the day’s pages',
    meaning:
      'They went to the digest and wait for a verdict. Bad: any: a campaign is under way, or a detector is wrong about something common.',
    unit: Short,
    legend: 'beyond the budget',
  });

const failing = (alerts: ResolvedAlerts) =>
  measured(alerts, 'DetectorFailing', {
    title: 'Errors in detectors',
    meaning: 'By detector, over the alert’s window. Bad: any: what it tripped over, it did not judge.',
    unit: Short,
    legend: ({ detector }) => detector,
  });

const suspicions = lines({
  title: 'What became of suspicions',
  meaning:
    'Each suspicion of a session once: paged, sent to the digest, not rare enough, still learning, only supporting, or allowed by a verdict. Bad: overflow, and a rise of all at once: something common has changed.',
  first:
    'Find the detector that rises on the findings page; a release that explains it needs verdicts, not pages.',
  unit: CountsPerMinute,
  stacked: true,
  series: [
    series(times(sum(rate(collectorSuspicions, '$__rate_interval'), ['fate']), 60), ({ fate }) => fate),
  ],
});

const thresholds = table({
  title: 'Thresholds, as the budget sets them',
  meaning:
    'The score that a session must exceed for the digest, and how many sessions in a thousand do. Bad: none for a detector after days: too few sessions end for its share of the budget.',
  first: 'Set `detection.sessionsPerDay` or a larger `detection.digestEntriesPerDay` in stack.config.ts.',
  unit: Short,
  noValue: 'All detectors are learning',
  rows: { detector: 'Detector' },
  columns: [
    column('Threshold', max(select(detectorThreshold), ['detector']), Short, { decimals: 2 }),
    column(
      'Findings in 1,000 sessions',
      times(max(select(detectorFindingsRatio), ['detector']), 1_000),
      Short,
      {
        decimals: 2,
      },
    ),
  ],
  sortBy: 'Findings in 1,000 sessions',
});

const learning = matrix({
  title: 'What each detector knows of each session type',
  meaning:
    'A detector that is learning says nothing by its baseline, so its silence is no peace; exact evidence is live from the first event. Bad: a type that is never learnt: it has few sessions, or mixes many kinds of work.',
  first:
    'Split a type that mixes several kinds of work, by `session.type` or `sessionTypes` in stack.config.ts.',
  unit: Short,
  vector: max(select(detectorLearning, ofType), ['detector', 'session_type']),
  down: 'detector',
  across: 'session_type',
  words: { 1: ['learning', 'yellow'], 0: ['ready', 'green'] },
});

const taught = lines({
  title: 'Sessions that taught the baselines',
  meaning:
    'Ended sessions by whether they taught what is usual: those with findings do not, and nobody teaches more than their share. Bad: learnt near zero: the baselines grow old.',
  first: 'Give the open findings their verdicts: a session with one teaches nothing.',
  unit: CountsPerMinute,
  stacked: true,
  series: [
    series(times(sum(rate(collectorLearning, '$__rate_interval'), ['result']), 60), ({ result }) => result),
  ],
});

const content = lines({
  title: 'Sessions whose content could be read',
  meaning:
    'Share of ended sessions by how much of their arguments and results the detectors saw. Bad: none: such sources cannot be searched for leaks, secrets or injections. Lost: a restart came between.',
  first: 'Switch on the capture of arguments and results at the source; the collector does not store them.',
  unit: PercentUnit,
  max: 1,
  stacked: true,
  noValue: NOT_OBSERVABLE,
  series: [
    series(share(sum(rate(sessionsContent, '$__rate_interval'), ['content'])), ({ content: seen }) => seen),
  ],
});

export const findings = (alerts: ResolvedAlerts) =>
  dashboard({
    name: 'findings',
    title: 'Findings',
    question: 'What did the detectors find, what can they not see, and how much do they ask of people?',
    variables: [sessionTypeVariable()],
    rows: [
      row(
        'Confirmed: these page',
        [exfiltration(alerts), poisoning(alerts)],
        [credentials(alerts), misbehaviour(alerts)],
      ),
      row('Unusual: these wait for a verdict', [
        toReview(alerts),
        overBudget(alerts),
        findingsBySeverity(ofType),
      ]),
      row('Budget', [suspicions, thresholds]),
      row('What can be judged at all', [learning], [taught, content, failing(alerts)]),
    ],
  });
