/** What the index of ended sessions costs behind each of their events, how large it is, and how fast it answers. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import pino from 'pino';
import { IndexFile, indexFile } from '../../collector/audit/index-file.ts';
import type { SessionQuery } from '../../collector/audit/session-query.ts';
import type { SessionRecord } from '../../collector/audit/session-record.ts';
import type { CollectorConfig } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { Journal } from '../../collector/journal/journal.ts';
import { encodeRecord } from '../../collector/journal/record.ts';
import type { Position } from '../../collector/journal/segment.ts';
import { configFor, newDataDirectory } from '../collector.ts';
import { type Figure, ratio } from '../figures.ts';
import { numbered, toolCalls } from '../payload/tool-call.ts';
import { type Bench, interleaved, type Subject, scaled } from '../subject.ts';

const EVENTS = 200_000;
const SESSIONS = 2_000;
const REBUILT_EVENTS = 1_000_000;
const SEARCHED_SESSIONS = 200_000;
const BATCH = 500;
const PAGE = 100;

export const index: Subject = {
  what: 'the index of ended sessions: CPU, size, rebuild, searches',
  measure: async (bench) => [
    ...(await writing(bench)),
    ...(await rebuilding(bench)),
    ...(await searching(bench)),
  ],
};

/** The n-th of many ended sessions: five tools of one server, a hundred events in one place of the journal. */
function session(n: number): SessionRecord {
  const server = `documents-${n % 20}.tools.example`;
  const startedMs = 1_795_000_000_000 + n * 10;
  const lastMs = startedMs + 60_000 + ((n * 7_919) % 60_000);
  const tools = Array.from(
    { length: 5 },
    (_, i) => [`${server}/documents_search_in_folder_${i}`, 20] as const,
  );
  return {
    ...{ type: 'interactive', server, client: `desktop-assistant-${n % 8}`, environment: 'production' },
    // Hashes stand in no order.
    id: ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0').repeat(4),
    user: `https://login.example/tenants/4e1f0-northwind-traders/users/${n % 5_000}`,
    ...{
      startedMs,
      lastMs,
      events: 100,
      calls: 100,
      errors: n % 3,
      refused: 0,
      denials: n % 500 === 0 ? 1 : 0,
    },
    ...{ dlpBlocks: 0, authFailures: 0, lateEvents: 0, tools: new Map(tools) },
    places: [{ segment: Math.floor(n / 1_000), offset: (n % 1_000) * 60_000 }],
    end: { how: 'idle', untilMs: lastMs + 1_800_000 },
  };
}

const place = (n: number): Position => ({ segment: Math.floor(n / 1_000), offset: 0 });

/** Writes sessions in batches as the collector sends them. */
function write(file: IndexFile, sessions: readonly SessionRecord[], from: number): void {
  for (let i = 0; i < sessions.length; i += BATCH) {
    const batch = { sessions: sessions.slice(i, i + BATCH), findings: [] };
    file.write({ ...batch, end: place(from + i), oldestSegment: 0, complete: true });
  }
}

async function writing(bench: Bench): Promise<Figure[]> {
  const config = configFor(newDataDirectory('disk'));
  const file = new IndexFile(config);
  const next = toolCalls(Date.now(), numbered);
  const events = Array.from({ length: 1_000 }, (_, n) => JSON.stringify(next(n)));
  const { port1, port2 } = new MessageChannel();
  let from = 0;
  const sessions = () => Array.from({ length: SESSIONS }, () => session(from++));
  const ns = await interleaved<'parse' | 'send' | 'write', number>(bench, 'index', {
    parse: async () =>
      cpuNs(() => {
        for (let n = 0; n < EVENTS; n++) JSON.parse(events[n % events.length]!);
      }),
    send: async () => {
      const some = sessions();
      const spent = cpuNs(() => {
        for (let i = 0; i < some.length; i += BATCH) port1.postMessage(some.slice(i, i + BATCH));
      });
      await new Promise((resolve) => port2.once('message', resolve));
      return spent;
    },
    write: async () => {
      const some = sessions();
      return cpuNs(() => write(file, some, from));
    },
  });
  port1.close();
  const written = SESSIONS * (bench.rounds + 1);
  file.close();
  const bytes = statSync(indexFile(config.dataDirectory)).size / written;
  const ratios = (of: 'send' | 'write') => ({ '× JSON.parse of the events': ratio(ns[of], ns.parse) });
  return [
    {
      name: 'index, 100 events a session, its thread',
      unit: 'ns/event',
      rounds: ns.write,
      ratios: ratios('write'),
    },
    { name: "index, the collector's own thread", unit: 'ns/event', rounds: ns.send, ratios: ratios('send') },
    { name: 'index, its file', unit: 'bytes/session', rounds: [bytes] },
  ];
}

/** CPU of this process per event. */
function cpuNs(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / EVENTS;
}

async function rebuilding(bench: Bench): Promise<Figure[]> {
  const events = scaled(bench, REBUILT_EVENTS);
  const config = configFor(newDataDirectory('disk'));
  const end = await writeJournal(config, events);
  const file = new IndexFile(config);
  const seconds = await interleaved(bench, 'index, made anew', {
    rebuild: async () => {
      const before = process.cpuUsage();
      await file.rebuild(end, Date.now() + 86_400_000);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / events;
    },
  });
  file.close();
  return [{ name: 'index, made anew from a million events', unit: 'CPU s', rounds: seconds.rebuild }];
}

async function writeJournal(config: CollectorConfig, events: number): Promise<Position> {
  const journal = await Journal.open({
    directory: join(config.dataDirectory, 'journal'),
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments: createInstruments(config, Date.now),
    logger: pino({ level: 'silent' }),
  });
  const receivedMs = Date.now();
  const next = toolCalls(receivedMs, numbered);
  for (let n = 0; n < events; n += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => next(n + i));
    await journal.append(encodeRecord({ receivedMs, sourceKind: 'native', events: batch }), () => {});
  }
  await journal.close();
  return journal.end;
}

async function searching(bench: Bench): Promise<Figure[]> {
  const count = scaled(bench, SEARCHED_SESSIONS);
  const file = new IndexFile(configFor(newDataDirectory('disk')));
  for (let n = 0; n < count; n += BATCH) {
    if (n % 50_000 === 0) bench.progress(`index: ${n} of ${count} sessions written`);
    write(
      file,
      Array.from({ length: BATCH }, (_, i) => session(n + i)),
      n,
    );
  }
  const ask = (query: Partial<SessionQuery>) => async () => {
    const started = performance.now();
    file.search({ with: [], sort: 'recent', limit: PAGE, ...query });
    return performance.now() - started;
  };
  const { id, user, server } = session(Math.floor(count / 2));
  const ms = await interleaved(bench, 'index, searches', {
    'the newest': ask({}),
    'of a user': ask({ user: user as string }),
    'of a tool': ask({ tool: `${server}/documents_search_in_folder_0` }),
    'with denials': ask({ with: ['denials'] }),
    'with most errors': ask({ sort: 'errors' }),
    'of a client that has none': ask({ client: 'nobody' }),
    'one by its id': async () => {
      const started = performance.now();
      file.find(id);
      return performance.now() - started;
    },
  });
  file.close();
  return Object.entries(ms).map(([what, rounds]) => ({
    name: `index, ${count.toLocaleString('en-US')} sessions: ${what}`,
    unit: 'ms',
    rounds,
  }));
}
