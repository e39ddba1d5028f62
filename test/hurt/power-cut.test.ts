import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killUnderLoad } from '../../bench/kills/kill-under-load.ts';
import { verifyJournal } from '../../collector/journal/verify.ts';
import { testConfig } from '../collector/running.ts';
import { seeded } from '../random.ts';
import { type Cut, cutPower } from './power-cut.ts';

const CUTS = 8;
const SEED = 42;

/** Files are found by what Linux says of a process. */
test.runIf(process.platform === 'linux')(
  'after a power cut, which keeps only what was synced, all that was accepted is there',
  async () => {
    const config = testConfig({ snapshotIntervalSeconds: 0.3, journalSegmentBytes: 256 * 1024 });
    const folder = mkdtempSync(join(tmpdir(), 'lookout-syncs-'));
    const record = join(folder, 'syncs');
    writeFileSync(record, '');
    process.env.RECORDED_SYNCS = record;
    const random = seeded(SEED);
    const cuts: Cut[] = [];
    const outcome = await killUnderLoad(config, {
      kills: CUTS,
      seed: SEED,
      flags: ['--import', join(import.meta.dirname, 'recorded-syncs.ts')],
      afterKill: () => cuts.push(cutPower(config.dataDirectory, record, random)),
    });
    const { faults } = await verifyJournal(join(config.dataDirectory, 'journal'));
    for (const directory of [config.dataDirectory, folder])
      rmSync(directory, { recursive: true, force: true });
    const bytes = cuts.reduce((sum, cut) => sum + cut.bytes, 0);
    const names = cuts.reduce((sum, cut) => sum + cut.names, 0);
    console.log(
      `${cuts.length} power cuts: ${outcome.acknowledged} events accepted, ${bytes} bytes and ${names} files not synced`,
    );
    expect(outcome.acknowledged).toBeGreaterThan(1_000);
    expect(bytes).toBeGreaterThan(0);
    expect(outcome.missing).toEqual({ lost: 0, miscounted: 0, disordered: 0 });
    expect(outcome.missingFromJournal).toEqual({ lost: 0, miscounted: 0, disordered: 0 });
    // Nothing that a power cut leaves looks like the work of somebody.
    expect(faults).toEqual([]);
  },
  300_000,
);
