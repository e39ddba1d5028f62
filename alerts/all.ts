/** All alerts there are, by subject. */
import type { AnyAlert } from './alert.ts';
import {
  collectorDown,
  eventsLate,
  indexBehind,
  ingestRejecting,
  journalCorrupt,
  journalFailing,
  journalUncompressed,
  journalUndeleted,
  sendersDropping,
  seriesOverflow,
  snapshotFailing,
  stateEvicted,
} from './collector.ts';
import {
  credentialAbuseConfirmed,
  detectorFailing,
  exfiltrationConfirmed,
  findingsToReview,
  misbehaviourConfirmed,
  pageBudgetSpent,
  poisoningConfirmed,
} from './detection.ts';
import {
  alertsUndelivered,
  configReloadFailing,
  notificationsFailing,
  ruleEvaluationFailing,
  scrapeLimitHit,
  targetDown,
  watchdog,
} from './pipeline.ts';
import { authFailureBurst, authFailureStorm, dlpBlockSpike, sessionAnomaly } from './security.ts';
import { latencyDegradation, toolErrorSustained } from './tools.ts';

const definitions = [
  // Attacks
  dlpBlockSpike,
  // Before the burst, so that both are evaluated on the same samples and the storm arrives first.
  authFailureStorm,
  authFailureBurst,
  sessionAnomaly,
  // Findings
  exfiltrationConfirmed,
  poisoningConfirmed,
  credentialAbuseConfirmed,
  misbehaviourConfirmed,
  pageBudgetSpent,
  findingsToReview,
  detectorFailing,
  // Tools
  toolErrorSustained,
  latencyDegradation,
  // The collector
  collectorDown,
  ingestRejecting,
  sendersDropping,
  eventsLate,
  journalFailing,
  journalCorrupt,
  journalUncompressed,
  journalUndeleted,
  snapshotFailing,
  indexBehind,
  seriesOverflow,
  stateEvicted,
  // Prometheus, Alertmanager and the way to a human
  watchdog,
  ruleEvaluationFailing,
  notificationsFailing,
  alertsUndelivered,
  scrapeLimitHit,
  targetDown,
  configReloadFailing,
] as const;

type Definition = (typeof definitions)[number];
export type AlertName = Definition['name'];
/** The definition of one alert, by its name. */
export type AlertNamed<N extends AlertName> = Extract<Definition, { readonly name: N }>;

// Through unknown, since a vector without labels is not a vector of any labels.
export const allAlerts = definitions as readonly unknown[] as readonly (AnyAlert & {
  readonly name: AlertName;
})[];
