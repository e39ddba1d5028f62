import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  collectorBytesInFlight,
  collectorJournalErrors,
  collectorRejections,
} from '../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../collector/config.ts';
import { sampleValue } from '../collector/exposition.ts';
import { CollectorProcess } from '../collector/process-of-its-own.ts';
import { testConfig, toolCall } from '../collector/running.ts';
import { grown } from './grown.ts';

const SCRAPE_SECONDS = 0.2;
const limits = { ...collectorDefaults.limits, commitSeconds: 0.5 };
const config = testConfig({ scrapeIntervalSeconds: SCRAPE_SECONDS, limits });
const hang = join(config.dataDirectory, 'hang');
const preload = join(import.meta.dirname, 'hanging-syncs.ts');
let collector: CollectorProcess;
beforeAll(async () => {
  collector = await CollectorProcess.start(
    config,
    `export HANG_WHILE="${hang}" NODE_OPTIONS="--import ${preload}";`,
  );
});
afterAll(async () => {
  await collector.end('SIGKILL');
  rmSync(config.dataDirectory, { recursive: true, force: true });
});

test('while the disk does not answer, events are refused with 503 and it pages, and what was refused counts once', async () => {
  const before = toolCall();
  expect(await collector.send(before)).toMatchObject({ status: 202 });
  writeFileSync(hang, '');
  const events = Array.from({ length: 30 }, () => toolCall());
  const refused = await Promise.all(events.map((event) => collector.send(event)));
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  expect(await collector.operations('/readyz')).toEqual({
    status: 503,
    text: 'the journal cannot be written\n',
  });
  // From now on nobody waits.
  expect(await collector.send(toolCall())).toMatchObject({
    status: 503,
    body: {
      error: expect.stringMatching(/^events cannot be written to disk now: send the same request again/),
    },
  });
  const { text } = await collector.operations('/metrics');
  expect(sampleValue(text, collectorBytesInFlight)).toBe(0);
  // What JournalFailing fires on grows as long as it lasts.
  const errors = await grown(collector, collectorJournalErrors, {}, SCRAPE_SECONDS);
  await vi.waitFor(
    async () =>
      expect(await grown(collector, collectorJournalErrors, {}, SCRAPE_SECONDS)).toBeGreaterThan(errors),
    10_000,
  );
  expect(await grown(collector, collectorRejections, { reason: 'journal' }, SCRAPE_SECONDS)).toBe(31);

  rmSync(hang);
  await vi.waitFor(
    async () => expect(await collector.operations('/readyz')).toMatchObject({ status: 200 }),
    10_000,
  );
  // Some of them came to the disk after all; each counts once, and so does what was there before.
  const { body } = await collector.send([before, ...events]);
  expect(body.accepted + body.duplicates).toBe(31);
  expect(body.duplicates).toBeGreaterThan(0);
  expect((await collector.sessions()).map(({ calls }) => calls)).toEqual([31]);
  console.log(
    `30 events met a hung disk: ${body.duplicates - 1} came to it later, ${body.accepted} were sent again`,
  );
});
