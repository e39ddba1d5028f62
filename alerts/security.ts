/** Alerts on attacks: data that is pushed out, credentials that are tried, sessions that roam. */
import { type BurstWindow, windowLabel } from '../collector/catalogue/burst-window.ts';
import { secondsOf } from '../collector/catalogue/duration.ts';
import {
  authFailuresWindowPeak,
  dlpBlocksWindowPeak,
  sessionUniqueToolsBaseline,
  sessionUniqueToolsPeak,
} from '../collector/catalogue/metrics.ts';
import { above, count, type Duration, max, select, sum, times } from '../collector/catalogue/promql.ts';
import { alert } from './alert.ts';
import {
  authFailureBurstTests,
  authFailureStormTests,
  dlpBlockSpikeTests,
  sessionAnomalyTests,
} from './unit-tests/security.ts';

type Burst = { readonly above: number; readonly window: Duration };

const burstOf =
  (event: BurstWindow['event']) =>
  ({ above, window }: Burst): BurstWindow => ({ event, windowSeconds: secondsOf(window), limit: above });

const windowOf = ({ window }: Burst) => ({ window: windowLabel(secondsOf(window)) });

/** Failed authentications of one source in the burst window. The sum is over replicas: it may never miss a burst. */
const failuresBySource = (burst: Burst) => sum(select(authFailuresWindowPeak, windowOf(burst)), ['source']);

export const dlpBlockSpike = alert({
  name: 'DlpBlockSpike',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: { above: 10, window: '60s' },
  burst: burstOf('dlp_block'),
  measure: (burst) => sum(select(dlpBlocksWindowPeak, windowOf(burst))),
  above: (burst) => burst.above,
  summary: (_, value, { window }) =>
    `${value.number} DLP blocks within ${window}: possible exfiltration under way`,
  description: (_, value, burst) =>
    `Data-loss prevention blocked ${value.number} requests or responses within ${burst.window}; more than ${burst.above} is an alarm. What was blocked did not leave; what the rules do not know may have.`,
  action:
    'Find the session that is being blocked, revoke its credentials and stop its agent; then take the tool it read from offline until you know what left.',
  runbook: 'ir-dlp-block-spike',
  tests: dlpBlockSpikeTests,
});

export const authFailureBurst = alert({
  name: 'AuthFailureBurst',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: { above: 5, window: '30s' },
  burst: burstOf('auth_failure'),
  measure: failuresBySource,
  above: (burst) => burst.above,
  silentDuring: 'AuthFailureStorm',
  summary: ({ source }, value, { window }) => `${value.number} auth failures within ${window} from ${source}`,
  description: ({ source }, value, burst) =>
    `${source} failed to authenticate ${value.number} times within ${burst.window}; more than ${burst.above} is an alarm. Somebody guesses credentials, or a client retries with credentials that were revoked.`,
  action:
    'Block the source at the gateway; then rotate the credentials it tried, and revoke them if one attempt succeeded.',
  runbook: 'ir-auth-failure',
  tests: authFailureBurstTests,
});

export const authFailureStorm = alert({
  name: 'AuthFailureStorm',
  severity: 'critical',
  group: 'fast',
  unit: 'none',
  /** Sources above the limit of a burst at once. */
  settings: { above: 20 },
  follows: authFailureBurst,
  measure: ({ followed: burst }) => count(above(failuresBySource(burst), burst.above)),
  above: (storm) => storm.above,
  refuse: (storm) => (storm.above < 1 ? 'above must be at least 1: one source is no storm' : undefined),
  summary: (_, value) => `${value.number} sources fail to authenticate in bursts at the same time`,
  description: (_, value, { followed: burst }) =>
    `${value.number} sources each failed more than ${burst.above} times within ${burst.window}; this page stands for one page a source. Either an attack from many addresses, or the identity provider refuses everybody.`,
  action:
    'Make one login with a known good credential: if it fails, roll back the identity provider; if it works, enforce a rate limit on authentication at the gateway and block the networks that lead the list.',
  runbook: 'ir-auth-storm',
  tests: authFailureStormTests,
});

export const sessionAnomaly = alert({
  name: 'SessionAnomaly',
  severity: 'warning',
  group: 'slow',
  unit: 'tools',
  settings: { factor: 3 },
  measure: () => max(select(sessionUniqueToolsPeak), ['session_type']),
  // Both sides are aggregated: two series for one type would be an evaluation error, hence a silent alert.
  above: ({ factor }) => times(max(select(sessionUniqueToolsBaseline), ['session_type']), factor),
  refuse: ({ factor }) => (factor < 1 ? 'factor must be at least 1, or ordinary sessions fire' : undefined),
  summary: ({ session_type }, value) => `A ${session_type} session has used ${value.number} distinct tools`,
  description: ({ session_type }, value, { factor }) =>
    `One session of type ${session_type} called ${value.number} distinct tools, more than ${factor} times the median of completed sessions of its type. An injected agent explores; so does a new job that was given an old type.`,
  action:
    'Review the audit trail of the session; kill it and revoke its token unless its owner can explain the tools it used.',
  runbook: 'ir-session-anomaly',
  tests: sessionAnomalyTests,
});
