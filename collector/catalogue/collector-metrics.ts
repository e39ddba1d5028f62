/** The collector's own health: what it accepted, refused, dropped and could not do. Every bound has its counter. */
import { eventKinds } from './events.ts';
import { detectors, learningResults, sourceKind, suspicionFates } from './labels.ts';
import { counter, gauge, histogram, type Metric } from './metric.ts';

/** Why an event or a request was not accepted. The first group costs one event, the second a whole request. */
export const rejectionReasons = [
  'invalid',
  'too_old',
  'in_future',
  'unauthorized',
  'malformed',
  'too_large',
  'unsupported',
  'overloaded',
  'rate_limited',
  'connections',
  'journal',
  'partition',
  'not_found',
  'timeout',
  'internal',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/**
 * Why a telemetry record became no event. `not_mcp`: it is about something else. `not_a_call`: MCP, but no call, or a part
 * of one. `repeated_view`: a call that a better placed source reported too. `metric`: the collector makes its own metrics.
 */
export const ignoredReasons = ['not_mcp', 'not_a_call', 'repeated_view', 'metric'] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

/** The bounded tables that can overflow or evict. */
export const boundedTables = [
  'sessions',
  'session_tools',
  'window_keys',
  'dedupe_ids',
  'baselines',
  'findings',
  'views',
  'view_payloads',
  'index',
  'detectors',
  'verdicts',
] as const;

/**
 * Open labels whose surplus values are written as `_other`, by label, since the mend is to raise that bound;
 * `series` stands for the bound on the label sets of one metric, at which every open label becomes `_other`.
 */
export const overflowLabels = [
  'series',
  'server',
  'tool',
  'client',
  'session_type',
  'rule',
  'endpoint',
  'source',
  'environment',
] as const;
export type OverflowLabel = (typeof overflowLabels)[number];

/**
 * Why the index was made anew. `behind`: it lacks sessions that are no longer in memory. `ahead`: the journal was replaced.
 * `overflow`: more sessions ended than could wait for it.
 */
export const rebuildReasons = ['missing', 'version', 'damaged', 'behind', 'ahead', 'overflow'] as const;
export type RebuildReason = (typeof rebuildReasons)[number];

export const collectorEvents = counter('mcp_collector_events_total', {
  help: 'Events accepted: on disk, then answered.',
  unit: 'events',
  labels: { source: sourceKind, kind: eventKinds },
});

export const collectorDuplicates = counter('mcp_collector_duplicates_total', {
  help: 'Events whose id had been accepted before.',
  unit: 'events',
});

export const collectorRejections = counter('mcp_collector_rejections_total', {
  help: 'Events and requests refused, by reason.',
  unit: 'events',
  labels: { reason: rejectionReasons },
});

export const collectorIgnored = counter('mcp_collector_ignored_total', {
  help: 'Telemetry records that were accepted and, as they should, became no event or did not count.',
  unit: 'events',
  labels: { reason: ignoredReasons },
});

export const collectorLateEvents = counter('mcp_collector_late_events_total', {
  help: 'Events accepted after the lateness bound: counted, but not part of a burst window.',
  unit: 'events',
});

export const collectorSenderDrops = counter('mcp_collector_sender_dropped_events_total', {
  help: 'Events that senders threw away before they could deliver them, as they say with their next batch.',
  unit: 'events',
});

export const collectorSeriesOverflow = counter('mcp_collector_series_overflow_total', {
  help: 'Values written as _other because their label was at its bound.',
  unit: 'events',
  labels: { label: overflowLabels },
});

export const collectorEvictions = counter('mcp_collector_evictions_total', {
  help: 'Entries put out of a bounded table to make room.',
  unit: 'events',
  labels: { table: boundedTables },
});

export const collectorJournalErrors = counter('mcp_collector_journal_errors_total', {
  help: 'Journal writes or syncs that failed; their events were refused with 503.',
  unit: 'events',
});

export const collectorJournalBytes = counter('mcp_collector_journal_bytes_total', {
  help: 'Bytes written to the journal.',
  unit: 'bytes',
});

export const collectorJournalDisk = gauge('mcp_collector_journal_disk_bytes', {
  help: 'Bytes that the journal takes on disk, closed segments compressed.',
  unit: 'bytes',
});

export const collectorJournalSegments = gauge('mcp_collector_journal_segments', {
  help: 'Segments of the journal.',
  unit: 'none',
});

export const collectorJournalOldest = gauge('mcp_collector_journal_oldest_timestamp_seconds', {
  help: 'When the oldest event that the journal still has was accepted, in seconds since the epoch.',
  unit: 'timestamp',
});

export const collectorJournalCompressErrors = counter('mcp_collector_journal_compress_errors_total', {
  help: 'Closed segments of the journal that could not be compressed: they stay as they are, at ten times the size.',
  unit: 'events',
});

export const collectorJournalDeleteErrors = counter('mcp_collector_journal_delete_errors_total', {
  help: 'Times that segments which retention no longer wants could not be deleted: they take their room until it succeeds.',
  unit: 'events',
});

export const collectorJournalSync = histogram('mcp_collector_journal_sync_seconds', {
  help: 'Duration of one group commit, until it is on disk.',
  unit: 'seconds',
  buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
});

export const collectorCorruptRecords = counter('mcp_collector_journal_corrupt_records_total', {
  help: 'Journal records that failed their checksum on recovery and were skipped.',
  unit: 'events',
});

export const collectorSnapshotErrors = counter('mcp_collector_snapshot_errors_total', {
  help: 'Snapshots of the state that could not be written: the journal is not pruned, and a restart replays more of it.',
  unit: 'events',
});

export const collectorSuspicions = counter('mcp_collector_suspicions_total', {
  help: 'What detectors reported, once a session and outcome, by what became of it.',
  unit: 'events',
  labels: { detector: detectors, fate: suspicionFates },
});

export const collectorLearning = counter('mcp_collector_learning_sessions_total', {
  help: 'Ended sessions by whether they taught the baselines of the detectors.',
  unit: 'sessions',
  labels: { result: learningResults },
});

export const collectorDetectorErrors = counter('mcp_collector_detector_errors_total', {
  help: 'Times that a detector tripped over what it was shown; the event counted all the same.',
  unit: 'events',
  labels: { detector: detectors },
});

export const collectorIndexLag = gauge('mcp_collector_index_lag_seconds', {
  help: 'For how long a session that ended has been missing in the index behind the pages; 0 when none is.',
  unit: 'seconds',
});

export const collectorIndexErrors = counter('mcp_collector_index_errors_total', {
  help: 'Calls to the index that failed. The journal has what it lacks.',
  unit: 'events',
});

export const collectorIndexRebuilds = counter('mcp_collector_index_rebuilds_total', {
  help: 'Times that the index was made anew from the journal, by why.',
  unit: 'events',
  labels: { reason: rebuildReasons },
});

export const collectorProcessRestarts = counter('mcp_collector_process_restarts_total', {
  help: 'Times that this one of several processes was started again because it had ended.',
});

export const collectorBytesInFlight = gauge('mcp_collector_bytes_in_flight', {
  help: 'Request bytes received and not yet answered.',
  unit: 'bytes',
});

export const collectorSessionsOpen = gauge('mcp_collector_sessions_open', {
  help: 'Sessions held in memory.',
  unit: 'sessions',
});

export const collectorLastEvent = gauge('mcp_collector_last_event_timestamp_seconds', {
  help: 'When the last event was accepted, in seconds since the epoch; absent before the first.',
  unit: 'timestamp',
});

export const collectorMetrics = {
  collectorEvents,
  collectorDuplicates,
  collectorRejections,
  collectorIgnored,
  collectorLateEvents,
  collectorSenderDrops,
  collectorSeriesOverflow,
  collectorEvictions,
  collectorJournalErrors,
  collectorJournalBytes,
  collectorJournalDisk,
  collectorJournalSegments,
  collectorJournalOldest,
  collectorJournalCompressErrors,
  collectorJournalDeleteErrors,
  collectorJournalSync,
  collectorCorruptRecords,
  collectorSnapshotErrors,
  collectorSuspicions,
  collectorLearning,
  collectorDetectorErrors,
  collectorIndexLag,
  collectorIndexErrors,
  collectorIndexRebuilds,
  collectorProcessRestarts,
  collectorBytesInFlight,
  collectorSessionsOpen,
  collectorLastEvent,
} as const satisfies Record<string, Metric>;
