import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type CollectorConfig, collectorDefaults } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { Journal } from '../../../collector/journal/journal.ts';
import { Pipeline } from '../../../collector/process/pipeline.ts';
import { FrameWriter, onMessages } from '../../../collector/processes/frames.ts';
import { Parcel } from '../../../collector/processes/parcel.ts';
import { servePeers } from '../../../collector/processes/peer-server.ts';
import { type PeerAnswer, socketOf } from '../../../collector/processes/peers.ts';
import { Said } from '../../../collector/processes/sent-calls.ts';
import { CallReader } from '../../../collector/receive/calls/call-reader.ts';
import { type CallVisitor, QuickEvents } from '../../../collector/receive/calls/quick-events.ts';
import { SeenIds } from '../../../collector/receive/dedupe.ts';
import { Intake } from '../../../collector/receive/intake.ts';
import { SessionHash } from '../../../collector/receive/privacy.ts';
import { Settings } from '../../../collector/receive/settings.ts';

/** A process that takes what others send on, with what it logs. */
async function taking() {
  const directory = mkdtempSync(join(tmpdir(), 'lookout-peer-'));
  const config: CollectorConfig = { ...collectorDefaults, dataDirectory: directory };
  const logged: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void logged.push(line) });
  const instruments = createInstruments(config, Date.now);
  const journal = await Journal.open({
    directory: join(directory, 'journal'),
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments,
    logger,
  });
  const intake = new Intake({
    config,
    instruments,
    journal,
    pipeline: new Pipeline(config, instruments, Date.now, () => {}),
    seen: new SeenIds(1_000, Buffer.alloc(8)),
    sessionHash: new SessionHash(Buffer.alloc(32)),
    logger,
    now: Date.now,
  });
  const stop = await servePeers(config, intake);
  onTestFinished(async () => {
    await stop();
    await journal.close();
    rmSync(directory, { recursive: true });
  });
  return { path: socketOf(directory), logged };
}

const near = new QuickEvents(new CallReader(new Settings(new SessionHash(Buffer.alloc(32))), () => false));

function parcelOf(id: string): Parcel {
  const parcel = new Parcel(1, 'native');
  const call = { kind: 'tool_call', id, time: new Date().toISOString(), server: 'files', tool: 'read' };
  // The first is left to `JSON.parse`, and teaches how it is written.
  for (const n of [0, 1]) {
    const bytes = Buffer.from(
      JSON.stringify({ ...call, id: `${id}-${n}`, session: { id: 's' }, outcome: 'ok' }),
    );
    const visitor: CallVisitor = {
      event: () => parcel.add(n, bytes, 0, bytes.length),
      readCall: (columns, row) => parcel.addCall(n, columns, row),
    };
    expect(near.visit(bytes, 0, bytes.length, 1, visitor)).toBe(true);
  }
  return parcel;
}

/** What is answered to parcels, each with what has to be told before its calls. */
function answersTo(path: string, parcels: readonly [Parcel, Buffer][]): Promise<PeerAnswer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const answers: PeerAnswer[] = [];
    socket.once('error', reject);
    onMessages(socket, (number, message) => {
      answers[number] = JSON.parse(message.toString());
      if (Object.keys(answers).length < parcels.length) return;
      socket.destroy();
      resolve(answers);
    });
    const writer = new FrameWriter(socket);
    for (const [number, [parcel, news]] of parcels.entries())
      writer.write(number, parcel.mostBytes(news.length), (into, at) => parcel.write(into, at, news));
  });
}

test('Calls of a setting that nobody has said are refused, and the log says why; those behind them count', async () => {
  const { path, logged } = await taking();
  const unsaid = parcelOf('unsaid');
  unsaid.news(new Said());
  const said = parcelOf('said');
  const [refused, taken] = await answersTo(path, [
    [unsaid, Buffer.alloc(0)],
    [said, said.news(new Said())],
  ]);
  expect(refused).toMatchObject({ status: 503, reason: 'internal' });
  expect(taken).toMatchObject({ accepted: 2, rejected: [] });
  expect(logged.join('')).toContain('events that another process sent on could not be taken');
});
