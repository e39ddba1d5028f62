/** Unit tests of the alerts on the collector; they follow the settings they are given. */

import {
  collectorCorruptRecords,
  collectorEvictions,
  collectorIndexLag,
  collectorJournalCompressErrors,
  collectorJournalDeleteErrors,
  collectorJournalErrors,
  collectorLateEvents,
  collectorRejections,
  collectorSenderDrops,
  collectorSeriesOverflow,
  collectorSnapshotErrors,
} from '../../collector/catalogue/collector-metrics.ts';
import { secondsOf } from '../../collector/catalogue/duration.ts';
import { alertsJob, jobs } from '../../collector/catalogue/jobs.ts';
import { up } from '../../collector/catalogue/platform-metrics.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import { type AlertTest, fires, hold, nothing, SCRAPE, series, silent } from '../test-case.ts';
import { growthTests } from './growth.ts';

interface Growth {
  readonly above: number;
  readonly window: Duration;
}

export function collectorDown(settings: { readonly for: Duration }, heldSeconds: number): AlertTest<never>[] {
  const waits = secondsOf(settings.for);
  const of = (job: string, values: string) => series(up, { job, instance: 'collector-0' }, values);
  const collector = (values: string) => [of(jobs.collector, values), of(alertsJob, values)];
  const down = { labels: {}, value: 1 };
  return [
    {
      name: 'a collector that stops answering fires after the waiting time, until it is back and the hold has passed',
      interval: SCRAPE,
      input: collector(`${hold(1, 12)} ${hold(0, waits / 5 + 6)} ${hold(1)}`),
      expect: [
        silent(45),
        silent(45 + waits),
        fires(75 + waits, down),
        fires(75 + waits + heldSeconds, down),
        silent(150 + waits + heldSeconds),
      ],
    },
    {
      name: 'a collector that is gone from discovery, or never was there, fires',
      interval: SCRAPE,
      input: [
        ...collector(`${hold(1, 12)} stale`),
        series(up, { job: jobs.prometheus, instance: 'p' }, hold(1)),
      ],
      expect: [silent(45), fires(75 + waits, down)],
    },
    {
      name: 'a collector that shows everything but its bursts fires',
      interval: SCRAPE,
      input: [of(jobs.collector, hold(1)), of(alertsJob, `${hold(1, 12)} ${hold(0)}`)],
      expect: [silent(45), fires(75 + waits, down)],
    },
    {
      name: 'a restart and one failed scrape stay silent',
      interval: SCRAPE,
      input: collector(`${hold(1, 12)} 0 ${hold(1, 12)} stale ${nothing(3)} ${hold(1)}`),
      expect: [silent(60), silent(75), silent(150), silent(180 + waits)],
    },
  ];
}

export const ingestRejecting = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'refused events',
    labels: { reason: 'invalid' },
    input: (values) => [
      series(collectorRejections, { reason: 'invalid' }, values),
      series(collectorRejections, { reason: 'too_old' }, hold(settings.above)),
    ],
  });

export const sendersDropping = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'dropped events',
    labels: {},
    input: (values) => [series(collectorSenderDrops, { instance: 'collector-0' }, values)],
  });

export const eventsLate = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'late events',
    labels: {},
    input: (values) => [series(collectorLateEvents, { instance: 'collector-0' }, values)],
  });

export const journalFailing = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'failed writes',
    labels: {},
    input: (values) => [series(collectorJournalErrors, { instance: 'collector-0' }, values)],
  });

export const journalCorrupt = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'corrupt records',
    labels: {},
    input: (values) => [series(collectorCorruptRecords, { instance: 'collector-0' }, values)],
  });

export const journalUncompressed = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'failed compressions',
    labels: {},
    input: (values) => [series(collectorJournalCompressErrors, { instance: 'collector-0' }, values)],
  });

export const journalUndeleted = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'failed deletions',
    labels: {},
    input: (values) => [series(collectorJournalDeleteErrors, { instance: 'collector-0' }, values)],
  });

export const snapshotFailing = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'failed snapshots',
    labels: {},
    input: (values) => [series(collectorSnapshotErrors, { instance: 'collector-0' }, values)],
  });

export const indexBehind = (
  { above }: { readonly above: number },
  heldSeconds: number,
): AlertTest<never>[] => {
  const lag = (values: string) => [series(collectorIndexLag, { instance: 'collector-0' }, values)];
  return [
    {
      name: 'a lag at the limit stays silent',
      interval: SCRAPE,
      input: lag(hold(above)),
      expect: [silent(60), silent(1_800)],
    },
    {
      name: 'a lag above the limit fires, until the index has caught up and the hold has passed',
      interval: SCRAPE,
      input: lag(`${hold(above, 12)} ${hold(above + 1, 12)} ${hold(0)}`),
      expect: [silent(45), fires(75, { labels: {}, value: above + 1 }), silent(150 + heldSeconds)],
    },
  ];
};

export const seriesOverflow = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'values written as _other',
    labels: { label: 'tool' },
    input: (values) => [
      series(collectorSeriesOverflow, { label: 'tool' }, values),
      series(collectorSeriesOverflow, { label: 'client' }, hold(0)),
    ],
  });

export const stateEvicted = (settings: Growth, heldSeconds: number) =>
  growthTests({
    ...settings,
    heldSeconds,
    what: 'dropped entries',
    labels: { table: 'window_keys' },
    input: (values) => [
      series(collectorEvictions, { table: 'window_keys' }, values),
      // A ring that rolls is not a loss.
      series(collectorEvictions, { table: 'dedupe_ids' }, '0+100x2000'),
    ],
  });
