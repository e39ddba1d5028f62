/** Excursions to tools of another type of session, found within two foreign calls. */
import { atRate } from '../at-rate.ts';
import type { Excursion } from '../inject/foreign-tools.ts';
import type { Judged } from '../judged.ts';
import type { Row } from '../row.ts';
import { shareOf } from '../statistics.ts';
import { byCorpus, isBenign } from './recorded.ts';

const WITHIN_CALLS = 2;

/** `judged` holds the recorded sessions and the excursions made of them; `where` says whose names the tools carry. */
export function foreignTools(
  judged: readonly Judged[],
  excursionOf: (session: string) => Excursion | undefined,
  where: string,
): Row[] {
  const benign = judged.filter(isBenign);
  const { threshold, falseAlarms } = atRate(benign, ['sequence'], 2);
  const excursions = judged.filter(({ session }) => excursionOf(session.id) !== undefined);
  const isFound = ({ session, sightings }: Judged) => {
    const { leavesAt } = excursionOf(session.id) as Excursion;
    return sightings.some(
      ({ detector, certainty, score, call }) =>
        detector === 'sequence' &&
        certainty !== 'supporting' &&
        (certainty === 'confirmed' || score > threshold) &&
        call >= leavesAt &&
        call < leavesAt + WITHIN_CALLS,
    );
  };
  return byCorpus(excursions).map(([corpus, of]) => {
    const detected = shareOf(of, isFound);
    const wrong = falseAlarms(benign.filter(({ session }) => session.corpus === corpus));
    const met = detected.hits >= 0.9 * detected.of && 1_000 * wrong.hits <= 2 * wrong.of;
    return {
      measure: `foreign tools within ${WITHIN_CALLS} foreign calls, ${where}`,
      corpus,
      detected,
      falseAlarms: wrong,
      demand: { text: '≥ 90 % at ≤ 2 ‰', met },
    };
  });
}
