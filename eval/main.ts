/** `npm run eval`: what the detectors find in recorded agent sessions, and how often they cry wolf. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { progressLine } from '../run/progress.ts';
import { writeSection } from '../run/readme.ts';
import { readCorpora } from './corpora.ts';
import { FOLDS } from './folds.ts';
import { behindGateway, excursions } from './inject/foreign-tools.ts';
import { leaks } from './inject/leak.ts';
import { rephrased } from './inject/rephrase.ts';
import { viral } from './inject/viral.ts';
import { type Judged, judgeAll } from './judged.ts';
import { cost } from './measures/cost.ts';
import { delay } from './measures/delay.ts';
import { argumentDrift } from './measures/drift.ts';
import { foreignTools } from './measures/foreign-tools.ts';
import { leakedContent } from './measures/leaks.ts';
import { offHoursUse } from './measures/off-hours.ts';
import { unseenPhrasings } from './measures/phrasings.ts';
import { atFixedRates, confirmedPoisoning } from './measures/recorded.ts';
import { slowLeak } from './measures/slow-leak.ts';
import { viralCampaigns } from './measures/viral.ts';
import { type RateRow, type Row, ratesTable, rowsTable } from './row.ts';
import type { EvalSession } from './session.ts';

const SEED = 20_261_121;
const corpora = join(import.meta.dirname, 'corpora');
const resultsFile = join(import.meta.dirname, 'results.json');

const usage = `Usage: npm run eval [-- --sessions <folder>] [--seed <number>] [--help]

Runs recorded agent sessions, benign and attacked, through the collector's own detectors, ${FOLDS} times, each time judging
the user tasks that nothing was learnt from, and prints what was found at how many false alarms.

  --sessions <folder>  *.jsonl or *.jsonl.gz files as eval/corpora/README.md describes; the recordings there by default
  --seed <number>      of what is put into benign sessions, ${SEED} by default
  --help               this text

A run on the default recordings and seed writes ${relative(process.cwd(), resultsFile)} and the table in README.md.
`;

function main(): void {
  const { values } = parseArgs({
    options: { sessions: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const seed = values.seed === undefined ? SEED : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed}: is not a whole number`);
  const { rows, rates } = evaluate(values.sessions ?? corpora, seed);
  process.stdout.write(`${rowsTable(rows)}\n`);
  if (rates.length > 0)
    process.stdout.write(`\nHijacked sessions found by each detector alone:\n\n${ratesTable(rates)}\n`);
  if (values.sessions !== undefined || seed !== SEED) return;
  const date = new Date().toISOString();
  writeFileSync(resultsFile, `${JSON.stringify({ date, seed, rows, rates }, undefined, 2)}\n`);
  writeSection('eval', `\n${rowsTable(rows)}\n\nJudged ${date.slice(0, 10)} with seed ${seed}.\n`);
}

function evaluate(folder: string, seed: number): { rows: Row[]; rates: RateRow[] } {
  const { show, clear } = progressLine();
  try {
    const { sessions, goals } = readCorpora(folder);
    const made = {
      leaks: byId(leaks(sessions, seed)),
      excursions: byId(excursions(sessions, goals, seed)),
      rephrased: byId(rephrased(sessions, seed)),
    };
    const judged = judgeAll(
      sessions,
      Object.values(made).flatMap((of) => [...of.values()]),
      show,
    );
    const isMade = ({ session: { id } }: Judged) => Object.values(made).some((of) => of.has(id));
    const recorded = judged.filter((one) => !isMade(one));
    const recordedAnd = (of: ReadonlyMap<string, EvalSession>) => [
      ...recorded,
      ...judged.filter(({ session }) => of.has(session.id)),
    ];
    const throughGateway = judgeAll(
      sessions.filter(({ label }) => label === 'benign').map(behindGateway),
      [...made.excursions.values()].map(behindGateway),
      show,
    );
    const excursionOf = (id: string) => made.excursions.get(id);
    const rows = [
      ...confirmedPoisoning(recorded),
      ...unseenPhrasings(recordedAnd(made.rephrased), (id) => made.rephrased.has(id)),
      ...leakedContent(recordedAnd(made.leaks), (id) => made.leaks.get(id)?.encoding),
      ...foreignTools(recordedAnd(made.excursions), excursionOf, 'each server named'),
      ...foreignTools(throughGateway, excursionOf, 'behind one gateway'),
      ...argumentDrift(sessions, seed, show),
      offHoursUse(seed, show),
      slowLeak(seed, show),
      viralCampaigns(viral(sessions, goals, seed), show),
      ...delay(recorded, goals),
      ...cost(sessions, show),
    ];
    return { rows, rates: atFixedRates(recorded) };
  } finally {
    clear();
  }
}

const byId = <S extends EvalSession>(sessions: readonly S[]): ReadonlyMap<string, S> =>
  new Map(sessions.map((session) => [session.id, session]));

try {
  main();
} catch (error) {
  process.stderr.write(`eval: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
