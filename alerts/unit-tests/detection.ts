/** Unit tests of the alerts on findings; they follow the settings they are given. */
import { collectorDetectorErrors, collectorSuspicions } from '../../collector/catalogue/collector-metrics.ts';
import type { Detector } from '../../collector/catalogue/labels.ts';
import { findings } from '../../collector/catalogue/metrics.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import { hold, series } from '../test-case.ts';
import { growthTests } from './growth.ts';

interface Growth {
  readonly above: number;
  readonly window: Duration;
}

const rising = '0+1x2000';

/** Of a family's alert, by one of its detectors: warnings and another family's findings do not fire it. */
export const confirmed = (detector: Detector) => (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'confirmed findings',
    labels: { detector, session_type: 'support' },
    input: (values) => [
      series(findings, { detector, session_type: 'support', severity: 'critical' }, values),
      series(findings, { detector, session_type: 'support', severity: 'warning' }, rising),
      series(
        findings,
        {
          detector: detector === 'tool_poisoning' ? 'loop' : 'tool_poisoning',
          session_type: 'support',
          severity: 'critical',
        },
        rising,
      ),
    ],
  });

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

export const pageBudgetSpent = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'findings beyond the budget',
    labels: {},
    input: (values) => [
      series(collectorSuspicions, { detector: 'tool_poisoning', fate: 'overflow' }, values),
      series(collectorSuspicions, { detector: 'tool_poisoning', fate: 'paged' }, rising),
    ],
  });

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
