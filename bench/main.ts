/** `npm run bench`: what the collector costs, beside the raw limit and beside what people usually build. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { progressLine } from '../run/progress.ts';
import { writeSection } from '../run/readme.ts';
import { type Facts, facts } from './facts.ts';
import type { Figure } from './figures.ts';
import { Load } from './load/load.ts';
import { type Results, readmeSection } from './readme.ts';
import type { Subject } from './subject.ts';
import { catchUp } from './subjects/catch-up.ts';
import { detection } from './subjects/detection.ts';
import { flood } from './subjects/flood.ts';
import { index } from './subjects/index.ts';
import { ingest } from './subjects/ingest.ts';
import { kills } from './subjects/kills.ts';
import { latency } from './subjects/latency.ts';
import { memory } from './subjects/memory.ts';
import { otelCollector } from './subjects/otel-collector.ts';
import { otlp } from './subjects/otlp.ts';
import { processes } from './subjects/processes.ts';
import { recovery } from './subjects/recovery.ts';
import { scrape } from './subjects/scrape.ts';
import { steps } from './subjects/steps.ts';
import { table } from './table.ts';

const subjects: Readonly<Record<string, Subject>> = {
  ingest,
  otlp,
  'otel-collector': otelCollector,
  latency,
  detection,
  processes,
  steps,
  scrape,
  memory,
  recovery,
  index,
  kills,
  flood,
  'catch-up': catchUp,
};

const amounts = {
  full: { rounds: 5, scale: 1 },
  quick: { rounds: 1, scale: 0.1 },
} as const;
const resultsFile = join(import.meta.dirname, 'results.json');

const usage = `Usage: npm run bench -- [--quick] [--only <subject>] [--help]

Measures the collector in CPU of its own process, beside plain node:http with JSON.parse (raw) and beside fastify with zod
and prom-client (the usual design), in turns, and takes the median of ${amounts.full.rounds} rounds.

  --only <subject>  one of:
${Object.entries(subjects)
  .map(([name, { what }]) => `                      ${name.padEnd(15)} ${what}`)
  .join('\n')}
  --quick           one short round: a look, not a result
  --help            this text

What is measured in full goes to ${relative(process.cwd(), resultsFile)}, beside the last run of each other subject, and to README.md. All of them
together take about half an hour on two cores.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { quick = false, only } = values;
  if (only !== undefined && !Object.hasOwn(subjects, only))
    throw new Error(
      `--only ${only}: there is no such subject, choose one of ${Object.keys(subjects).join(', ')}`,
    );
  const figures = await measure(only === undefined ? Object.keys(subjects) : [only], quick);
  process.stdout.write(`${table(figures)}\n`);
}

/** At once, so that a subject that fails costs the others nothing. */
function keep(subject: string, figures: readonly Figure[], on: Facts): void {
  const kept: Results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : {};
  const known = Object.entries(kept).filter(([name]) => Object.hasOwn(subjects, name));
  const results: Results = {
    ...Object.fromEntries(known),
    [subject]: { date: new Date().toISOString(), ...on, figures },
  };
  const ordered = Object.keys(subjects).flatMap((name) => (results[name] ? [[name, results[name]]] : []));
  const all: Results = Object.fromEntries(ordered);
  writeFileSync(resultsFile, asJson(all));
  writeSection('bench', readmeSection(all));
}

/** With the rounds of a figure on one line, and four digits, so that two runs can be compared line by line. */
function asJson(results: object): string {
  const short = (_key: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  const text = JSON.stringify(results, short, 2);
  return `${text.replace(/\[\s+([\d.,\s-]+?)\s+\]/g, (_, numbers: string) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`;
}

async function measure(names: readonly string[], quick: boolean): Promise<Figure[]> {
  const { show, clear } = progressLine();
  const load = new Load();
  try {
    const bench = { load, progress: show, ...(quick ? amounts.quick : amounts.full) };
    const figures: Figure[] = [];
    for (const name of names) {
      const on = facts();
      const found = await subjects[name]!.measure(bench);
      if (!quick) keep(name, found, on);
      figures.push(...found);
    }
    return figures;
  } finally {
    clear();
    await load.end();
  }
}

// Ends through the handlers of `exit`, which stop the servers and remove their data.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

main().catch((error: Error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
});
