/** Panels about the collector and its journal. */
import {
  BytesIEC,
  BytesPerSecondIEC,
  CountsPerMinute,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import {
  collectorBytesInFlight,
  collectorDuplicates,
  collectorEvents,
  collectorIgnored,
  collectorJournalBytes,
  collectorJournalDisk,
  collectorJournalOldest,
  collectorJournalSegments,
  collectorJournalSync,
  collectorLastEvent,
  collectorProcessRestarts,
  collectorSessionsOpen,
} from '../collector/catalogue/collector-metrics.ts';
import { alertsJob, jobs } from '../collector/catalogue/jobs.ts';
import { up } from '../collector/catalogue/platform-metrics.ts';
import { max, min, quantile, rate, secondsSince, select, sum, times } from '../collector/catalogue/promql.ts';
import { series } from './panel.ts';
import { lines, number } from './panels.ts';
import { measured } from './watched.ts';

export const collectorUp = (alerts: ResolvedAlerts) =>
  number({
    title: 'Collector',
    meaning: 'Bad: down or not scraped: nothing is counted, and every alert on MCP traffic is blind.',
    alert: alerts.CollectorDown,
    unit: Short,
    noValue: 'Not scraped',
    series: series(min(select(up, { job: [jobs.collector, alertsJob] })), 'collector'),
    words: { 1: ['Up', 'green'], 0: ['Down', 'red'] },
  });

export const lastEvent = number({
  title: 'Last event',
  meaning:
    'Time since the collector accepted an event. Bad: longer than your agents ever rest: the sources or the way from them are broken.',
  first:
    'Send one event by hand with a sender’s token; if it is accepted, restart the exporters of the sources.',
  unit: Seconds,
  noValue: 'None yet',
  series: series(secondsSince(max(select(collectorLastEvent))), 'last event'),
});

export const bytesInFlight = number({
  title: 'Bytes in flight',
  meaning:
    'Request bytes received and not yet answered. Bad: near the limit, where senders are turned away with 503.',
  first:
    'Give the collector a faster disk or more CPU, or raise `collector.limits.bytesInFlight` if memory allows.',
  unit: BytesIEC,
  series: series(sum(select(collectorBytesInFlight)), 'bytes'),
});

export const processRestarts = lines({
  title: 'Processes restarted per minute',
  meaning:
    'Of several processes that share the work. Bad: any: while one was away, its senders were turned away with 503.',
  first:
    'Read the last lines of the process before its end in the collector’s log; raise its memory if it was killed.',
  unit: CountsPerMinute,
  series: [series(times(sum(rate(collectorProcessRestarts, '$__rate_interval')), 60), 'restarts')],
});

export const openSessions = number({
  title: 'Sessions in memory',
  meaning:
    'Bad: near `collector.limits.sessions`, where the oldest are put out before their time and cut in two.',
  first:
    'Shorten `collector.sessionIdleSeconds`, or raise `collector.limits.sessions` and the collector’s memory.',
  unit: Short,
  series: series(sum(select(collectorSessionsOpen)), 'sessions'),
});

export const accepted = lines({
  title: 'Events accepted per minute',
  meaning:
    'Events on disk and answered, by kind. Bad: a kind that stops: its source is cut off, which looks like calm.',
  first: 'Restart the exporter of the source whose kind stopped; check its token if it is refused.',
  unit: CountsPerMinute,
  stacked: true,
  series: [
    series(
      times(sum(rate(collectorEvents, '$__rate_interval'), ['source', 'kind']), 60),
      ({ source, kind }) => `${kind} (${source})`,
    ),
  ],
});

export const duplicates = lines({
  title: 'Duplicates per minute',
  meaning:
    'Events that had been accepted before. Some are normal, since senders repeat what was not answered. Bad: a steady share: answers come too late.',
  first: 'Raise the senders’ timeout above the journal’s sync time.',
  unit: CountsPerMinute,
  series: [series(times(sum(rate(collectorDuplicates, '$__rate_interval')), 60), 'duplicates')],
});

export const ignored = lines({
  title: 'Telemetry that is no event',
  meaning:
    'Records per minute that were accepted and, as they should, counted nothing: not about MCP, or another view of a call that was counted. Bad: not_mcp far above the events: a whole service’s telemetry is sent here.',
  first:
    'Send only the traces of MCP servers and gateways here, by a filter in the exporter or its collector.',
  unit: CountsPerMinute,
  series: [
    series(times(sum(rate(collectorIgnored, '$__rate_interval'), ['reason']), 60), ({ reason }) => reason),
  ],
});

export const journalSync = lines({
  title: 'Journal sync',
  meaning:
    'How long a group commit takes, and so the least time to an answer. Bad: p99 above 100 ms: the disk is slow or shared.',
  first: 'Move the collector’s volume to a faster storage class.',
  unit: Seconds,
  series: [
    series(quantile(0.99, collectorJournalSync, '$__rate_interval', []), 'p99'),
    series(quantile(0.5, collectorJournalSync, '$__rate_interval', []), 'p50'),
  ],
});

export const journalBytes = lines({
  title: 'Journal written',
  meaning:
    'Bad: a lasting rise: the journal’s share of the volume holds fewer days, and recovery reads more.',
  first: 'Enlarge `collector.storage` before the audit trail becomes shorter than you promised.',
  unit: BytesPerSecondIEC,
  series: [series(sum(rate(collectorJournalBytes, '$__rate_interval')), 'journal')],
});

export const journalOnDisk = number({
  title: 'Journal on disk',
  meaning:
    'Closed segments are compressed to about a tenth. Bad: near 80 % of the volume, where the oldest go early.',
  first: 'Enlarge `collector.storage` before the audit trail becomes shorter than you promised.',
  unit: BytesIEC,
  series: series(sum(select(collectorJournalDisk)), 'on disk'),
});

export const journalReach = number({
  title: 'Journal reaches back',
  meaning:
    'Age of the oldest event that is kept. Bad: shorter than `collector.retention` on a collector that has run for longer.',
  first: 'Enlarge `collector.storage`: retention by size deletes what retention by age would keep.',
  unit: Seconds,
  noValue: 'None yet',
  series: series(secondsSince(min(select(collectorJournalOldest))), 'oldest event'),
});

export const journalSegments = number({
  title: 'Journal segments',
  meaning:
    'Files that the journal consists of. Bad: many more than bytes on disk would need: the collector restarts often.',
  first: 'Find out what restarts the collector in its log and its pod’s last state.',
  unit: Short,
  series: series(sum(select(collectorJournalSegments)), 'segments'),
});

export const rejected = (alerts: ResolvedAlerts) =>
  measured(alerts, 'IngestRejecting', {
    title: 'Events and requests refused',
    meaning:
      'By reason, over the alert’s window. Bad: above the red line: a sender’s token, clock or format is wrong, or the collector is overloaded.',
    unit: Short,
    legend: ({ reason }) => reason,
  });

export const senderDrops = (alerts: ResolvedAlerts) =>
  measured(alerts, 'SendersDropping', {
    title: 'Events that senders dropped',
    meaning:
      'As senders say with their next batch, over the alert’s window. Bad: any: they are in no metric, session or burst. A sender that cannot deliver at all says nothing yet.',
    unit: Short,
    legend: 'dropped',
  });

export const late = (alerts: ResolvedAlerts) =>
  measured(alerts, 'EventsLate', {
    title: 'Security events that came too late',
    meaning: 'Counted, but not part of a burst. Bad: any: a burst among them paged nobody.',
    unit: Short,
    legend: 'late',
  });

export const overflow = (alerts: ResolvedAlerts) =>
  measured(alerts, 'SeriesOverflow', {
    title: 'Values counted as _other',
    meaning:
      'By label, over the alert’s window. Bad: any: limits on single tools or servers no longer apply to the surplus.',
    unit: Short,
    legend: ({ label }) => label,
  });

export const evicted = (alerts: ResolvedAlerts) =>
  measured(alerts, 'StateEvicted', {
    title: 'Entries put out of full tables',
    meaning:
      'By table, over the alert’s window. Bad: any: sessions are cut in two, bursts or baselines forgotten.',
    unit: Short,
    legend: ({ table }) => table,
  });

export const journalFailures = (alerts: ResolvedAlerts) =>
  measured(alerts, 'JournalFailing', {
    title: 'Journal writes that failed',
    meaning: 'Bad: any: events are refused with 503 until the disk takes them again.',
    unit: Short,
    legend: 'failed',
  });

export const journalCorruption = (alerts: ResolvedAlerts) =>
  measured(alerts, 'JournalCorrupt', {
    title: 'Corrupt journal records',
    meaning: 'Records skipped at the last start. Bad: any: accepted events are lost.',
    unit: Short,
    legend: 'corrupt',
  });

export const uncompressed = (alerts: ResolvedAlerts) =>
  measured(alerts, 'JournalUncompressed', {
    title: 'Compressions that failed',
    meaning: 'Bad: above the red line: the journal takes ten times its room, and the oldest events go early.',
    unit: Short,
    legend: 'failed',
  });

export const undeleted = (alerts: ResolvedAlerts) =>
  measured(alerts, 'JournalUndeleted', {
    title: 'Deletions that failed',
    meaning: 'Bad: above the red line: what retention no longer wants stays, and fills the volume.',
    unit: Short,
    legend: 'failed',
  });

export const snapshotFailures = (alerts: ResolvedAlerts) =>
  measured(alerts, 'SnapshotFailing', {
    title: 'Snapshots that failed',
    meaning: 'Bad: above the red line: the journal is not pruned any more and fills the volume.',
    unit: Short,
    legend: 'failed',
  });

export const indexLag = (alerts: ResolvedAlerts) =>
  measured(alerts, 'IndexBehind', {
    title: 'Index behind by',
    meaning:
      'For how long a session that ended has been missing in the investigation pages. Bad: above the red line: searches find nothing though the journal has it.',
    unit: Seconds,
    legend: 'behind',
  });
