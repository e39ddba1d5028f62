/** Stack health: does the monitor itself work? Every panel with a red line has an alert that says so. */
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import {
  accepted,
  bytesInFlight,
  collectorUp,
  duplicates,
  evicted,
  ignored,
  indexLag,
  journalBytes,
  journalCorruption,
  journalFailures,
  journalOnDisk,
  journalReach,
  journalSegments,
  journalSync,
  lastEvent,
  late,
  openSessions,
  overflow,
  processRestarts,
  rejected,
  senderDrops,
  snapshotFailures,
  uncompressed,
  undeleted,
} from './collector-health.ts';
import { dashboard, row } from './dashboard.ts';
import {
  configAccepted,
  cpu,
  failedNotifications,
  memory,
  missedEvaluations,
  notifications,
  peers,
  refusedScrapes,
  ruleFailures,
  samples,
  scrapeDurations,
  sendErrors,
  seriesHeld,
  targets,
  undelivered,
} from './monitor-health.ts';

export const stackHealth = (alerts: ResolvedAlerts) =>
  dashboard({
    name: 'stack-health',
    title: 'Stack health',
    question: 'Does the monitor itself work?',
    variables: [],
    rows: [
      row(
        'Collector',
        [collectorUp(alerts), lastEvent, bytesInFlight, openSessions],
        [accepted, rejected(alerts), senderDrops(alerts)],
        [duplicates, ignored, processRestarts],
        [late(alerts), overflow(alerts), evicted(alerts)],
      ),
      row(
        'Journal',
        [journalOnDisk, journalReach, journalSegments],
        [journalSync, journalBytes],
        [journalFailures(alerts), journalCorruption(alerts)],
        [uncompressed(alerts), undeleted(alerts), snapshotFailures(alerts)],
        [indexLag(alerts)],
      ),
      row(
        'Prometheus',
        [targets(alerts)],
        [scrapeDurations, samples, seriesHeld],
        [ruleFailures(alerts), missedEvaluations, refusedScrapes(alerts)],
      ),
      row(
        'Notifications',
        [notifications, failedNotifications(alerts), undelivered(alerts)],
        [configAccepted(alerts), peers, sendErrors],
      ),
      row('Resources', [memory, cpu]),
    ],
  });
