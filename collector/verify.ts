/** `node collector/main.ts verify`: shows whether a journal is as it was written. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCollectorConfig } from './config.ts';
import { readSnapshot } from './journal/snapshot.ts';
import { type Fault, type SegmentReport, type Verdict, verifyJournal } from './journal/verify.ts';

const usage = `Usage: node collector/main.ts verify (--config <file> | --data <folder>) [--anchor <hash>]

Reads the whole journal of a collector, running or not, and changes nothing. Shows for each segment what it holds, and
whether every record has its checksum and every block its place in the chain of hashes.

  --config <file>  configuration of the collector whose journal it is
  --data <folder>  its data directory, or a copy of it
  --anchor <hash>  a hash that the collector logged once: also shows whether it is in the chain, and so whether all that
                   stood before it is still what it was
  --help           this text

Exit code: 0 intact, 1 damaged or changed, 2 not readable.
`;

export const exitCodes = { intact: 0, damaged: 1, unreadable: 2 } as const;

const PROGRESS_MS = 2_000;
/** Of one of several processes. */
const FOLDER = /^partition-\d+$/;

/** Runs the command and resolves with its exit code. */
export async function verifyCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      data: { type: 'string' },
      anchor: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return exitCodes.intact;
  }
  const dataDirectory = values.data ?? (values.config && readCollectorConfig(values.config).dataDirectory);
  if (dataDirectory === undefined)
    throw new Error('--config or --data is missing: name the journal to verify');
  if (values.anchor !== undefined && !/^[0-9a-fA-F]{64}$/.test(values.anchor))
    throw new Error('--anchor must be a hash as the collector logs it: 64 hex digits');
  const directories = await journalsOf(dataDirectory);
  const verdicts: Verdict[] = [];
  for (const directory of directories) {
    if (directories.length > 1) print(`${directory}:`);
    verdicts.push(await verify(directory, values.anchor));
  }
  for (const line of ofAnchor(values.anchor, verdicts)) print(line);
  const intact = verdicts.every(({ faults }) => faults.length === 0);
  return intact && isFound(verdicts) ? exitCodes.intact : exitCodes.damaged;
}

/** The data directory, or its parts when several processes share it. */
async function journalsOf(dataDirectory: string): Promise<string[]> {
  const entries = await readdir(dataDirectory).catch((error: Error) => {
    throw unreadable(dataDirectory, error);
  });
  const parts = entries.filter((entry) => FOLDER.test(entry)).sort();
  return parts.length === 0 ? [dataDirectory] : parts.map((part) => join(dataDirectory, part));
}

async function verify(dataDirectory: string, anchor: string | undefined): Promise<Verdict> {
  // Before the journal is listed, so that a running collector cannot have gone on between the two.
  const snapshot = await readSnapshot(dataDirectory).catch(() => undefined);
  const journal = join(dataDirectory, 'journal');
  print(heading);
  let told = performance.now();
  const verdict = await verifyJournal(journal, {
    anchor,
    reached: snapshot?.position,
    onSegment: (report) => print(lineOf(report)),
    onProgress: (done, all) => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      process.stderr.write(`verify: ${done} of ${all} segments\n`);
    },
  }).catch((error: Error) => {
    throw unreadable(journal, error);
  });
  for (const line of conclusion(verdict)) print(line);
  return verdict;
}

const unreadable = (journal: string, error: Error) =>
  new Error(`cannot read the journal ${journal}: ${error.message}`);

const isFound = (verdicts: readonly Verdict[]) => verdicts.some(({ anchored }) => anchored !== false);

const print = (line: string) => process.stdout.write(`${line}\n`);

const columns: readonly (readonly [string, number])[] = [
  ['segment', 8],
  ['records', 9],
  ['events', 10],
  ['bytes', 12],
  ['on disk', 12],
  ['first', 20],
  ['last', 20],
];
const row = (cells: readonly string[], chain: string) =>
  `${cells.map((cell, i) => cell.padStart(columns[i]![1])).join('  ')}  ${chain}`;
const heading = row(
  columns.map(([name]) => name),
  'chain',
);

function lineOf(report: SegmentReport): string {
  const { segment, records, events, bytes, diskBytes, firstMs, lastMs } = report;
  const numbers = [segment, records, events, bytes, diskBytes].map(String);
  return row([...numbers, timeOf(firstMs), timeOf(lastMs)], chainOf(report));
}

const timeOf = (ms: number | undefined) =>
  ms === undefined ? '-' : new Date(ms).toISOString().replace(/\.\d+/, '');

function chainOf({ faults, unchained, blocks, unsealedBytes }: SegmentReport): string {
  if (faults.length > 0) return `BROKEN in ${faults.length} ${faults.length === 1 ? 'place' : 'places'}`;
  if (unchained) return 'none: written by an older version';
  const unsealed = unsealedBytes > 0 ? `, ${unsealedBytes} bytes of an unfinished commit` : '';
  return `intact, ${blocks} ${blocks === 1 ? 'block' : 'blocks'}${unsealed}`;
}

function conclusion({ segments, faults, end }: Verdict): string[] {
  const events = segments.reduce((sum, report) => sum + report.events, 0);
  const [first] = faults;
  return [
    '',
    first === undefined
      ? `intact: ${events} events in ${segments.length} segments`
      : `DAMAGED: the first of ${faults.length} faults is in ${placeOf(first)}: ${first.what}`,
    ...faults.slice(1).map((fault) => `  also in ${placeOf(fault)}: ${fault.what}`),
    ...(end ? [`latest hash: ${end.hash} (segment ${end.segment}, ${end.bytes} bytes)`] : []),
  ];
}

function ofAnchor(anchor: string | undefined, verdicts: readonly Verdict[]): string[] {
  if (anchor === undefined) return [];
  return [
    isFound(verdicts)
      ? `the hash ${anchor} is in the chain: what stood before it is as it was, but for the faults above`
      : `NOT FOUND: the hash ${anchor} is not in the chain: it is older than what is kept, or the chain was made anew`,
  ];
}

const placeOf = ({ segment, offset }: Fault) => `segment ${segment} at offset ${offset}`;
