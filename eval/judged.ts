/** What was said about each session by detectors that learnt from other tasks only. */
import type { Detector as DetectorName } from '../collector/catalogue/labels.ts';
import { folds } from './folds.ts';
import type { EvalSession } from './session.ts';
import { type Sighting, Watcher } from './watcher.ts';

export interface Judged {
  readonly session: EvalSession;
  readonly task: string;
  readonly sightings: readonly Sighting[];
}

/**
 * Judges every session by detectors that learnt from the benign sessions of the other folds, all origins together: one
 * deployment with many session types. `more` are sessions to be judged beside the recorded ones, by their task.
 */
export function judgeAll(
  recorded: readonly EvalSession[],
  more: readonly EvalSession[],
  progress: (line: string) => void,
): Judged[] {
  const judged: Judged[] = [];
  const all = folds(recorded);
  const moreOf = folds(more);
  all.forEach(({ learn, judge }, fold) => {
    const watcher = new Watcher();
    progress(`fold ${fold + 1} of ${all.length}: learning from ${learn.length} sessions`);
    watcher.learn(learn);
    const sessions = [...judge, ...moreOf[fold]!.judge];
    sessions.forEach((session, index) => {
      if (index % 100 === 0)
        progress(`fold ${fold + 1} of ${all.length}: session ${index} of ${sessions.length}`);
      judged.push({ session, task: session.task, sightings: watcher.watch(session) });
    });
  });
  return judged;
}

/** Above every score of a detector that is not sure. */
const SURE = 1e6;

/** The rank of the best that some detectors said: what is confirmed above what is scored; supporting ones alarm nobody. */
export function rank({ sightings }: Judged, detectors: readonly DetectorName[]): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const { detector, certainty, score } of sightings) {
    if (certainty === 'supporting' || !detectors.includes(detector)) continue;
    best = Math.max(best, certainty === 'confirmed' ? SURE + score : score);
  }
  return best;
}

export const isConfirmed = (rank: number): boolean => rank >= SURE;
