/** Alerts on the collector: that it is there, takes what it is sent, keeps it, and counts it under its own name. */
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
} from '../collector/catalogue/collector-metrics.ts';
import { growth } from '../collector/catalogue/growth.ts';
import { alertsJob, jobs } from '../collector/catalogue/jobs.ts';
import { up } from '../collector/catalogue/platform-metrics.ts';
import { absent, equals, max, or, select, sum } from '../collector/catalogue/promql.ts';
import { alert } from './alert.ts';
import * as unitTests from './unit-tests/collector.ts';

export const collectorDown = alert({
  name: 'CollectorDown',
  severity: 'critical',
  group: 'pipeline',
  settings: { for: '1m' },
  // Bursts come by a job of their own: without it they are blind, however well the other one goes.
  measure: () =>
    or(
      absent(equals(select(up, { job: jobs.collector }), 1)),
      absent(equals(select(up, { job: alertsJob }), 1)),
    ),
  summary: () => 'The collector is down: nothing is counted and no burst can be seen',
  description: (_, __, settings) =>
    `Prometheus has not had an answer from the collector, at /metrics or at /metrics/alerts, for ${settings.for}. Senders hold their events back and lose them when their buffers are full; every other alert on MCP traffic is blind.`,
  action:
    'Restart the collector; if it does not come up, free or enlarge its volume, or roll back the last change of its configuration.',
  runbook: 'ir-collector-down',
  tests: unitTests.collectorDown,
});

export const ingestRejecting = alert({
  name: 'IngestRejecting',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 10, window: '5m' },
  measure: ({ window }) => sum(growth(collectorRejections, window), ['reason']),
  above: ({ above }) => above,
  summary: ({ reason }, value, { window }) =>
    `The collector refused ${value.number} events or requests within ${window}: ${reason}`,
  description: ({ reason }, value, { window }) =>
    `${value.number} events or requests were refused as ${reason} within ${window}. Those refused as overloaded or journal are sent again by a good sender; all others are lost to monitoring.`,
  action:
    'Fix the sender that the answers name (its token, clock or event format); for overloaded, raise the limits or the CPU of the collector.',
  runbook: 'ir-ingest-rejecting',
  tests: unitTests.ingestRejecting,
});

export const sendersDropping = alert({
  name: 'SendersDropping',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '15m' },
  measure: ({ window }) => sum(growth(collectorSenderDrops, window)),
  above: ({ above }) => above,
  summary: (_, value, { window }) =>
    `Senders told within ${window} that they dropped ${value.number} events before the collector had them`,
  description: (_, value) =>
    `Wrappers or proxies threw ${value.number} events away because their queues were full: the collector was away, refused them or was too slow. These calls and auth failures are in no metric, session or burst.`,
  action:
    'Clear the way to the collector: mend the token or the network policy that stops the senders, or give the collector more CPU or a faster disk.',
  runbook: 'ir-senders-dropping',
  tests: unitTests.sendersDropping,
});

export const eventsLate = alert({
  name: 'EventsLate',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '15m' },
  measure: ({ window }) => sum(growth(collectorLateEvents, window)),
  above: ({ above }) => above,
  summary: (_, value, { window }) =>
    `${value.number} security events came too late within ${window} to be part of a burst`,
  description: (_, value) =>
    `${value.number} DLP blocks or auth failures arrived after the lateness bound. They are counted, but DlpBlockSpike and AuthFailureBurst did not see them.`,
  action:
    'Count the late events by hand with the query of the runbook, then drain the backlog of the sender or set its clock right.',
  runbook: 'ir-events-late',
  tests: unitTests.eventsLate,
});

export const journalFailing = alert({
  name: 'JournalFailing',
  severity: 'critical',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '5m' },
  measure: ({ window }) => sum(growth(collectorJournalErrors, window)),
  above: ({ above }) => above,
  summary: (_, value, { window }) =>
    `The collector cannot write its journal: ${value.number} failures within ${window}`,
  description: () =>
    'Events are only accepted once they are on disk, so they are refused with 503 while this lasts. Senders hold them back and lose them when their buffers are full.',
  action:
    'Free or enlarge the volume of the collector; if the disk itself fails, move the pod to another node.',
  runbook: 'ir-journal-failing',
  tests: unitTests.journalFailing,
});

export const journalCorrupt = alert({
  name: 'JournalCorrupt',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '1h' },
  measure: ({ window }) => sum(growth(collectorCorruptRecords, window)),
  above: ({ above }) => above,
  summary: (_, value) => `${value.number} records of the journal are corrupt and were skipped`,
  description: (_, value) =>
    `The collector found ${value.number} records with a wrong checksum when it started. Their events had been accepted and are lost: the disk or what lies under it broke its promise.`,
  action:
    'Save the journal before it rotates, tell the owners of the servers that the audit trail has a gap, and replace the disk.',
  runbook: 'ir-journal-corrupt',
  tests: unitTests.journalCorrupt,
});

export const journalUncompressed = alert({
  name: 'JournalUncompressed',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  // It is tried again every minute, and one that failed costs nothing if the next is written.
  settings: { above: 2, window: '15m' },
  measure: ({ window }) => sum(growth(collectorJournalCompressErrors, window)),
  above: ({ above }) => above,
  summary: (_, value, { window }) =>
    `The collector could not compress its journal ${value.number} times within ${window}`,
  description: () =>
    'Events are still taken and kept, but closed segments of the journal stay at ten times their size. The volume fills, and retention by size deletes the audit trail days earlier than you promised.',
  action:
    'Free or enlarge the volume of the collector; if it has space, move the pod to a node whose disk is well.',
  runbook: 'ir-journal-uncompressed',
  tests: unitTests.journalUncompressed,
});

export const journalUndeleted = alert({
  name: 'JournalUndeleted',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  // It is tried again with every snapshot, and one that failed costs nothing if the next succeeds.
  settings: { above: 2, window: '15m' },
  measure: ({ window }) => sum(growth(collectorJournalDeleteErrors, window)),
  above: ({ above }) => above,
  summary: (_, value, { window }) =>
    `The collector could not delete old segments of its journal ${value.number} times within ${window}`,
  description: () =>
    'Events are still taken, kept and saved. But what is older or larger than the retention stays on the volume, which fills, and the audit trail is kept for longer than you promised.',
  action:
    'Make the files in the journal folder deletable again, or move the pod to a node whose disk is well, before the volume is full.',
  runbook: 'ir-journal-undeleted',
  tests: unitTests.journalUndeleted,
});

export const snapshotFailing = alert({
  name: 'SnapshotFailing',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  // It is tried every 30 s, and one that failed costs nothing if the next is written.
  settings: { above: 2, window: '5m' },
  measure: ({ window }) => sum(growth(collectorSnapshotErrors, window)),
  above: ({ above }) => above,
  summary: (_, value, { window }) =>
    `The collector could not save its state ${value.number} times within ${window}`,
  description: () =>
    'Events are still taken and kept. But the journal is deleted only where a saved state covers it, so it grows until the volume is full, and the next start replays all of it before it takes events.',
  action: 'Free or enlarge the volume of the collector, before the journal fills it and events are refused.',
  runbook: 'ir-snapshot-failing',
  tests: unitTests.snapshotFailing,
});

export const indexBehind = alert({
  name: 'IndexBehind',
  severity: 'warning',
  group: 'pipeline',
  unit: 'seconds',
  // A journal of 10 GB is read again in less.
  settings: { above: 1_800 },
  measure: () => max(select(collectorIndexLag)),
  above: ({ above }) => above,
  summary: (_, value) =>
    `Sessions that ended have been missing in the investigation pages for ${value.seconds}`,
  description: () =>
    'The index that the pages and the API find ended sessions with is behind: its file cannot be written, or it is being made anew for longer than that takes. Events, metrics and alerts are whole, and so is the journal; a search for a session may find nothing though it is there.',
  action:
    'Free or enlarge the volume of the collector; if it is not full, delete the file index.sqlite and restart the collector, which makes it anew.',
  runbook: 'ir-index-behind',
  tests: unitTests.indexBehind,
});

export const seriesOverflow = alert({
  name: 'SeriesOverflow',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '15m' },
  measure: ({ window }) => sum(growth(collectorSeriesOverflow, window), ['label']),
  above: ({ above }) => above,
  summary: ({ label }, value, { window }) =>
    `${value.number} values of ${label} were counted as _other within ${window}`,
  description: ({ label }) =>
    `More distinct values of ${label} arrive than the collector keeps apart. The surplus is counted as _other: limits on single tools and servers no longer apply to it, and somebody may be making names up.`,
  action:
    'Stop the sender that makes up names; if they are all real, raise the bound of that label, which the runbook names.',
  runbook: 'ir-series-overflow',
  tests: unitTests.seriesOverflow,
});

/**
 * Tables whose loss makes an alert or a session wrong. The ids that duplicates are told by, the findings and the index
 * are rings that roll all the time.
 */
const watchedTables = ['sessions', 'session_tools', 'window_keys', 'baselines'] as const;

export const stateEvicted = alert({
  name: 'StateEvicted',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '15m' },
  measure: ({ window }) => sum(growth(collectorEvictions, window, { table: watchedTables }), ['table']),
  above: ({ above }) => above,
  summary: ({ table }, value, { window }) =>
    `The collector dropped ${value.number} entries of ${table} within ${window} to make room`,
  description: ({ table }) =>
    `The table ${table} is full, so the oldest entries go before their time: sessions are cut in two, or bursts and baselines are forgotten. An attacker who fills it hides in it.`,
  action:
    'Block the source or stop the client that opens them in masses; if the load is real, raise the limit in stack.config.ts.',
  runbook: 'ir-state-evicted',
  tests: unitTests.stateEvicted,
});
