/** Unit tests of the alerts on findings; they follow the settings they are given. */
import { collectorDetectorErrors } from '../../collector/catalogue/collector-metrics.ts';
import type { Detector } from '../../collector/catalogue/labels.ts';
import { findings, findingsUnpaged, incidentsOpen } from '../../collector/catalogue/metrics.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import { type AlertTest, fires, hold, nothing, SCRAPE, series, silent } from '../test-case.ts';
import { growthTests } from './growth.ts';

interface Growth {
  readonly above: number;
  readonly window: Duration;
}

const rising = '0+1x2000';
const LATER = 3_600;

/** Of a family's alert, by one of its detectors: another family's incidents do not fire it. */
export const confirmed = (detector: Detector): AlertTest<'incident' | 'detector' | 'session_type'>[] => {
  const other = detector === 'tool_poisoning' ? 'loop' : 'tool_poisoning';
  const page = (incident: string) => ({ incident, detector, session_type: 'support' });
  const input = (incident: string, values: string, by: Detector = detector) =>
    series(incidentsOpen, { incident, detector: by, session_type: 'support' }, values);
  const fired = (incident: string, value = 1) => ({ labels: page(incident), value });
  return [
    {
      name: 'an incident pages at once, though it was never seen before, and until it has its verdict',
      interval: SCRAPE,
      input: [input('a', `${nothing(4)} ${hold(1, LATER / 5)} stale`)],
      expect: [silent(15), fires(20, fired('a')), fires(LATER, fired('a')), silent(LATER + 20 + 360)],
    },
    {
      name: 'a second incident is a page of its own while the first is open',
      interval: SCRAPE,
      input: [input('a', hold(1)), input('b', `${nothing(120)} ${hold(2)}`)],
      expect: [fires(595, fired('a')), fires(600, fired('a'), fired('b', 2))],
    },
    {
      name: 'a restart of the collector ends no page',
      interval: SCRAPE,
      input: [input('a', `${hold(1, 12)} stale ${nothing(12)} ${hold(1)}`)],
      expect: [fires(55, fired('a')), fires(90, fired('a')), fires(600, fired('a'))],
    },
    {
      name: 'incidents of another family do not fire it, nor does one of which nothing waits',
      interval: SCRAPE,
      input: [input('a', hold(1), other), input('b', hold(0))],
      expect: [silent(60), silent(600)],
    },
  ];
};

export const findingsToReview = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'unusual sessions',
    labels: { detector: 'sequence' },
    input: (values) => [
      series(findings, { detector: 'sequence', session_type: 'support', severity: 'warning' }, values),
      series(findings, { detector: 'sequence', session_type: 'support', severity: 'critical' }, rising),
      series(findings, { detector: 'tool_diversity', session_type: 'support', severity: 'warning' }, rising),
    ],
  });

export const pageBudgetSpent: AlertTest<never>[] = [
  {
    name: 'findings beyond the budget page until they have their verdicts',
    interval: SCRAPE,
    input: [series(findingsUnpaged, {}, `${hold(0, 12)} ${hold(1, LATER / 5)} ${hold(0)}`)],
    expect: [
      silent(55),
      fires(60, { labels: {}, value: 1 }),
      fires(LATER, { labels: {}, value: 1 }),
      silent(60 + LATER + 360),
    ],
  },
  {
    name: 'pages alone, however many, do not fire it',
    interval: SCRAPE,
    input: [
      series(findingsUnpaged, {}, hold(0)),
      series(incidentsOpen, { incident: 'a', detector: 'loop', session_type: 'support' }, hold(20)),
    ],
    expect: [silent(60), silent(600)],
  },
];

export const detectorFailing = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'errors of a detector',
    labels: { detector: 'temporal' },
    input: (values) => [
      series(collectorDetectorErrors, { detector: 'temporal' }, values),
      series(collectorDetectorErrors, { detector: 'loop' }, hold(settings.above)),
    ],
  });
