/** Passages of 40 letters and digits or more, sent to destinations never used before. */
import { atRate } from '../at-rate.ts';
import type { Encoding } from '../inject/leak.ts';
import type { Judged } from '../judged.ts';
import type { Row } from '../row.ts';
import { byCorpus, isBenign } from './recorded.ts';

/** `judged` holds the recorded sessions and the leaks made of them. */
export function leakedContent(
  judged: readonly Judged[],
  encodingOf: (session: string) => Encoding | undefined,
): Row[] {
  const benign = judged.filter(isBenign);
  const { detected, falseAlarms } = atRate(benign, ['read_then_exfiltrate'], 2);
  const leaks = judged.filter(({ session }) => encodingOf(session.id) !== undefined);
  const row = (what: string, corpus: string, of: readonly Judged[], calm: readonly Judged[]): Row => {
    const found = detected(of);
    const wrong = falseAlarms(calm);
    const met = found.hits >= 0.9 * found.of && 1_000 * wrong.hits <= 2 * wrong.of;
    return {
      measure: `read, then sent away: ${what}`,
      corpus,
      detected: found,
      falseAlarms: wrong,
      demand: { text: '≥ 90 % at ≤ 2 ‰', met },
    };
  };
  return [
    ...byCorpus(leaks).map(([corpus, of]) =>
      row(
        'all',
        corpus,
        of,
        benign.filter(({ session }) => session.corpus === corpus),
      ),
    ),
    ...[...Map.groupBy(leaks, ({ session }) => encodingOf(session.id) as Encoding)].map(([encoding, of]) =>
      row(encoding, 'all origins', of, benign),
    ),
  ];
}
