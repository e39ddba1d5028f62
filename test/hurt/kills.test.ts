import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { killUnderLoad } from '../../bench/kills/kill-under-load.ts';
import { testConfig } from '../collector/running.ts';

const KILLS = 8;
const SEED = 41;

/** `npm run bench -- --only kills` does the same a hundred times. */
test('a collector that is killed under load again and again loses nothing that it accepted, and counts it once', async () => {
  const config = testConfig({ snapshotIntervalSeconds: 0.3 });
  const { acknowledged, sessions, resent, missing, missingFromJournal } = await killUnderLoad(config, {
    kills: KILLS,
    seed: SEED,
  });
  rmSync(config.dataDirectory, { recursive: true, force: true });
  console.log(
    `${KILLS} kills: ${acknowledged} events of ${sessions} sessions accepted, ${resent} batches sent again`,
  );
  expect(acknowledged).toBeGreaterThan(1_000);
  expect(resent).toBeGreaterThan(0);
  expect(missing).toEqual({ lost: 0, miscounted: 0, disordered: 0 });
  expect(missingFromJournal).toEqual({ lost: 0, miscounted: 0, disordered: 0 });
}, 300_000);
