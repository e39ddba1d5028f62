/** How long a collector takes to be ready again over a journal that no snapshot covers, and how large that journal is. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import type { CollectorConfig } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { Journal } from '../../collector/journal/journal.ts';
import { encodeRecord } from '../../collector/journal/record.ts';
import { configFor, newDataDirectory, startCollector } from '../collector.ts';
import { atMost, median } from '../figures.ts';
import { numbered, toolCalls } from '../payload/tool-call.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const EVENTS = 1_000_000;
const EVENTS_PER_RECORD = 100;
const MILLION = 1_000_000;
/** Longer than a bench: what a start saves would spare the next one its replay. */
const NEVER_SECONDS = 31_536_000;

export const recovery: Subject = {
  what: 'start over a journal of a million events without a snapshot, and bytes of the journal',
  measure: async (bench) => {
    const events = scaled(bench, EVENTS);
    const config = { ...configFor(newDataDirectory('disk')), snapshotIntervalSeconds: NEVER_SECONDS };
    const empty = { ...config, dataDirectory: newDataDirectory('disk') };
    const bytes = await writeJournal(config, events, bench);
    const starts = await interleaved(bench, 'recovery', {
      journal: () => timeOfStart(config),
      empty: () => timeOfStart(empty),
    });
    const perMillion = (pick: 'seconds' | 'cpuSeconds') =>
      starts.journal.map((start, round) => ((start[pick] - starts.empty[round]![pick]) * MILLION) / events);
    const clock = perMillion('seconds');
    return [
      {
        name: 'recovery, a million events',
        unit: 's',
        rounds: clock,
        demand: atMost(median(clock) * 5, 10, 's for five million'),
      },
      { name: 'recovery, a million events', unit: 'CPU s', rounds: perMillion('cpuSeconds') },
      { name: 'start without a journal', unit: 's', rounds: starts.empty.map(({ seconds }) => seconds) },
      {
        name: 'journal',
        unit: 'bytes/event',
        rounds: [bytes / events],
        demand: atMost(bytes / events, 140, 'bytes/event'),
      },
    ];
  },
};

/** Writes a journal by the collector's own code; the answer is its size in bytes. */
async function writeJournal(config: CollectorConfig, events: number, bench: Bench): Promise<number> {
  const directory = join(config.dataDirectory, 'journal');
  const journal = await Journal.open({
    directory,
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments: createInstruments(config, Date.now),
    logger: pino({ level: 'silent' }),
  });
  const receivedMs = Date.now();
  const next = toolCalls(receivedMs, numbered);
  for (let n = 0; n < events; n += EVENTS_PER_RECORD) {
    if (n % 50_000 === 0) bench.progress(`recovery: ${n} of ${events} events written`);
    const batch = Array.from({ length: EVENTS_PER_RECORD }, (_, i) => next(n + i));
    await journal.append(encodeRecord({ receivedMs, sourceKind: 'native', events: batch }), () => {});
  }
  await journal.close();
  return readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
}

/** Starts a collector, waits until it takes events, and kills it, so that it saves nothing. */
async function timeOfStart(config: CollectorConfig): Promise<{ seconds: number; cpuSeconds: number }> {
  const started = performance.now();
  const collector = await startCollector(config);
  const seconds = (performance.now() - started) / 1_000;
  const { cpuUs } = await collector.child.usage();
  await collector.child.end();
  return { seconds, cpuSeconds: cpuUs / 1_000_000 };
}
