/** Values until it is told that an argument holds something else than it used to. */
import { type DriftKind, drift, driftKinds } from '../inject/drift.ts';
import { times } from '../inject/simulated.ts';
import type { Row } from '../row.ts';
import type { EvalSession } from '../session.ts';
import { type Sighting, Watcher } from '../watcher.ts';

const SHARE = 0.2;
const RUNS = 20;
/** Of one drift; one that is not told within so many values counts as that many. */
const LONGEST = 400;
const BENIGN_VALUES = 100_000;

export function argumentDrift(
  sessions: readonly EvalSession[],
  seed: number,
  progress: (line: string) => void,
): Row[] {
  const kinds: readonly (DriftKind | 'any')[] = [...driftKinds, 'any'];
  const rows = kinds.map((kind): Row => {
    const values = times(RUNS, (run) => {
      progress(`argument drift to ${kind}: ${run + 1} of ${RUNS}`);
      const { learn, drifted } = drift(sessions, seed + run);
      const told = toldAt(learn, take(drifted(kind, SHARE), LONGEST));
      return told[0] === undefined ? LONGEST : told[0] + 1;
    }).sort((a, b) => a - b);
    const middle = values[RUNS >> 1]!;
    return {
      measure: `argument drift at ${SHARE * 100} %, to ${kind === 'any' ? 'all of these' : kind}`,
      corpus: 'mixed recordings',
      figure: `${middle} values in the median, at most ${values.at(-1)}`,
      demand: { text: '≤ 30 values', met: middle <= 30 },
    };
  });
  const { learn, benign, multilingual } = drift(sessions, seed);
  const calm = (what: string, values: Generator<EvalSession>): Row => {
    progress(`argument drift: ${BENIGN_VALUES.toLocaleString('en')} benign values, ${what}`);
    const alarms = toldAt(learn, take(values, BENIGN_VALUES)).length;
    return {
      measure: `argument drift, benign values: ${what}`,
      corpus: 'mixed recordings',
      figure: `${alarms} false alarms in ${BENIGN_VALUES.toLocaleString('en')}`,
      demand: { text: 'none', met: alarms === 0 },
    };
  };
  return [...rows, calm('as learnt', benign()), calm('a tenth in other languages', multilingual(0.1))];
}

/** Places of the values at which something was told. */
function toldAt(learn: readonly EvalSession[], values: readonly EvalSession[]): number[] {
  const watcher = new Watcher(['argument_drift']);
  watcher.stream(learn, () => true);
  const place = new Map(values.map(({ id }, index) => [id, index]));
  const told = ({ certainty, session }: Sighting) =>
    certainty === 'supporting' ? [] : (place.get(session) ?? []);
  return watcher.stream(values, ({ label }) => label === 'benign').flatMap(told);
}

const take = (from: Generator<EvalSession>, count: number): EvalSession[] =>
  times(count, () => from.next().value as EvalSession);
