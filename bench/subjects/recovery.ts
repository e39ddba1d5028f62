/** How long a collector takes to be ready again after a kill, and how large its journal is. */
import { join } from 'node:path';
import pino from 'pino';
import type { CollectorConfig } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { compressSegment } from '../../collector/journal/compress.ts';
import { Journal } from '../../collector/journal/journal.ts';
import { encodeRecord } from '../../collector/journal/record.ts';
import { listSegmentFiles } from '../../collector/journal/segment-names.ts';
import { configFor, newDataDirectory, startCollector } from '../collector.ts';
import { atMost, type Figure, median } from '../figures.ts';
import { numbered, toolCalls } from '../payload/tool-call.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const MILLION = 1_000_000;
const TAKEN_EVENTS = 5 * MILLION;
const WRITTEN_EVENTS = MILLION;
const EVENTS_PER_REQUEST = 100;
/** Longer than a bench: what a start saves would spare the next one its replay. */
const NEVER_SECONDS = 31_536_000;

export const recovery: Subject = {
  what: 'start after kill -9, with snapshots and without, and bytes of the journal',
  measure: async (bench) => [...(await afterKill(bench)), ...(await withoutSnapshot(bench))],
};

/** As it is deployed: it takes events as fast as it can, and is killed in the middle. */
async function afterKill(bench: Bench): Promise<Figure[]> {
  const events = scaled(bench, TAKEN_EVENTS);
  const config = configFor(newDataDirectory('disk'));
  const collector = await startCollector(config);
  bench.progress(`recovery: ${events} events are sent`);
  const shape = { format: 'json', eventsPerRequest: EVENTS_PER_REQUEST } as const;
  await bench.load.send(collector, shape, events / EVENTS_PER_REQUEST);
  await collector.child.end();
  // Each start is killed before it saves anything, so that all replay the same.
  const starts = await interleaved(bench, 'recovery', { start: () => timeOfStart(config) });
  const seconds = starts.start.map((start) => start.seconds);
  return [
    {
      name: `ready after kill -9, ${events.toLocaleString('en-US')} events in the journal`,
      unit: 's',
      rounds: seconds,
      demand: atMost(median(seconds), 10, 's for five million'),
    },
  ];
}

async function withoutSnapshot(bench: Bench): Promise<Figure[]> {
  const events = scaled(bench, WRITTEN_EVENTS);
  const config = { ...configFor(newDataDirectory('disk')), snapshotIntervalSeconds: NEVER_SECONDS };
  const empty = { ...config, dataDirectory: newDataDirectory('disk') };
  const directory = await writeJournal(config, events, bench);
  const written = await bytesIn(directory);
  const starts = await interleaved(bench, 'recovery without a snapshot', {
    journal: () => timeOfStart(config),
    empty: () => timeOfStart(empty),
  });
  for (const file of await listSegmentFiles(directory))
    if (!file.compressed) await compressSegment(directory, file, () => false);
  const closed = await bytesIn(directory);
  const perMillion = (pick: 'seconds' | 'cpuSeconds') =>
    starts.journal.map((start, round) => ((start[pick] - starts.empty[round]![pick]) * MILLION) / events);
  return [
    { name: 'recovery without a snapshot, a million events', unit: 's', rounds: perMillion('seconds') },
    {
      name: 'recovery without a snapshot, a million events',
      unit: 'CPU s',
      rounds: perMillion('cpuSeconds'),
    },
    { name: 'start without a journal', unit: 's', rounds: starts.empty.map(({ seconds }) => seconds) },
    { name: 'journal, as written', unit: 'bytes/event', rounds: [written / events] },
    {
      name: 'journal, closed',
      unit: 'bytes/event',
      rounds: [closed / events],
      demand: atMost(closed / events, 140, 'bytes/event'),
    },
  ];
}

/** Writes a journal by the collector's own code; the answer is its folder. */
async function writeJournal(config: CollectorConfig, events: number, bench: Bench): Promise<string> {
  const directory = join(config.dataDirectory, 'journal');
  const journal = await Journal.open({
    directory,
    // One segment, so that nothing is compressed before its bytes have been counted.
    segmentBytes: Number.MAX_SAFE_INTEGER,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments: createInstruments(config, Date.now),
    logger: pino({ level: 'silent' }),
  });
  const receivedMs = Date.now();
  const next = toolCalls(receivedMs, numbered);
  for (let n = 0; n < events; n += EVENTS_PER_REQUEST) {
    if (n % 50_000 === 0) bench.progress(`recovery: ${n} of ${events} events written`);
    const batch = Array.from({ length: EVENTS_PER_REQUEST }, (_, i) => next(n + i));
    await journal.append(encodeRecord({ receivedMs, sourceKind: 'native', events: batch }), () => {});
  }
  await journal.close();
  return directory;
}

async function bytesIn(directory: string): Promise<number> {
  const files = await listSegmentFiles(directory);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
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
