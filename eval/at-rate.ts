/** Detection at one threshold for all origins, under which no origin has more false alarms than a rate. */
import type { Detector as DetectorName } from '../collector/catalogue/labels.ts';
import { type Judged, rank } from './judged.ts';
import { type Share, shareOf, thresholdAt } from './statistics.ts';

export interface AtRate {
  readonly threshold: number;
  readonly detected: (attacked: readonly Judged[]) => Share;
  readonly falseAlarms: (benign: readonly Judged[]) => Share;
}

/** `perThousand` false alarms in 1,000 benign sessions of each origin at most. */
export function atRate(
  benign: readonly Judged[],
  detectors: readonly DetectorName[],
  perThousand: number,
): AtRate {
  const origins = Map.groupBy(benign, ({ session }) => session.corpus);
  const scored = (judged: Judged) => ({ task: judged.task, score: rank(judged, detectors) });
  const threshold = Math.max(...[...origins.values()].map((of) => thresholdAt(of.map(scored), perThousand)));
  const share = (of: readonly Judged[]) => shareOf(of, (judged) => rank(judged, detectors) > threshold);
  return { threshold, detected: share, falseAlarms: share };
}
