import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyJournal } from '../../collector/journal/verify.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';

const BATCH = 50;
const preload = join(import.meta.dirname, 'kill-points.ts');

/** In the middle of snapshots, compressions and retention. */
const points = [
  'rename 5 before',
  'rename 6 after',
  'unlink 4 before',
  'rm 5 after',
  'rm 6 before',
  'sync 12 after',
];

/** Sends until the collector is killed; what it accepted. */
async function sendUntilKilled(collector: CollectorProcess): Promise<object[]> {
  const accepted: object[] = [];
  for (;;) {
    const events = Array.from({ length: BATCH }, () => toolCall());
    const status = await collector.send(events).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status === undefined) return accepted;
    expect(status).toBe(202);
    accepted.push(...events);
  }
}

test.each(points)(
  'a collector that is killed at "%s" on its disk has all that it accepted, and its journal is intact',
  async (point) => {
    const config = testConfig({
      snapshotIntervalSeconds: 0.2,
      journalSegmentBytes: 10_000,
      journalRetentionBytes: 10_000,
    });
    const killed = await CollectorProcess.start(
      config,
      `export KILL_AT="${point}" NODE_OPTIONS="--import ${preload}";`,
    );
    const accepted = await sendUntilKilled(killed);
    await killed.end('SIGKILL');
    const restarted = await CollectorProcess.start(config);
    expect(await restarted.send(accepted)).toMatchObject({
      status: 202,
      body: { accepted: 0, duplicates: accepted.length },
    });
    expect(await restarted.end('SIGTERM')).toBe(0);
    const { faults } = await verifyJournal(join(config.dataDirectory, 'journal'));
    rmSync(config.dataDirectory, { recursive: true });
    expect(faults).toEqual([]);
    expect(accepted.length).toBeGreaterThan(0);
  },
  60_000,
);
