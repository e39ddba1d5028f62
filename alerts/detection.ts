/**
 * Alerts on findings: what the detectors confirmed pages, what is only unusual goes to a digest, and the budget between
 * the two is watched, as are the detectors themselves.
 */
import { collectorDetectorErrors } from '../collector/catalogue/collector-metrics.ts';
import { growth } from '../collector/catalogue/growth.ts';
import { detectorFamilies } from '../collector/catalogue/labels.ts';
import { findings, findingsUnpaged, incidentsOpen } from '../collector/catalogue/metrics.ts';
import { max, select, sum } from '../collector/catalogue/promql.ts';
import { alert } from './alert.ts';
import * as unitTests from './unit-tests/detection.ts';

/** Critical findings of some detectors that wait for a verdict: a page for each incident, until it has one. */
const confirmed = (detector: readonly (typeof detectorFamilies)[keyof typeof detectorFamilies][number][]) =>
  max(select(incidentsOpen, { detector }), ['incident', 'detector', 'session_type']);

/** How a page that waits for a verdict is ended. */
const until = (incident: string) =>
  `This page stays until \`/findings/${incident}\` of the investigation pages has a verdict.`;

export const exfiltrationConfirmed = alert({
  name: 'ExfiltrationConfirmed',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: {},
  measure: () => confirmed(detectorFamilies.exfiltration),
  above: () => 0,
  summary: ({ session_type }, value) =>
    `Data has left in a ${session_type} session for where it should not go: ${value.number} finding(s) to decide on`,
  description: ({ detector, session_type, incident }) =>
    `${detector} confirmed it in a session of type ${session_type}: what a tool returned was sent on to a destination that nobody asked for. The finding names the calls, the length and the destination. ${until(incident)}`,
  action:
    'Stop the session, revoke its credentials and block the destination of the finding at the gateway; then tell the owner of the data what left.',
  runbook: 'ir-exfiltration',
  tests: () => unitTests.confirmed('read_then_exfiltrate'),
});

export const poisoningConfirmed = alert({
  name: 'PoisoningConfirmed',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: {},
  measure: () => confirmed(detectorFamilies.poisoning),
  above: () => 0,
  summary: ({ session_type }, value) =>
    `An agent followed injected instructions in a ${session_type} session: ${value.number} finding(s) to decide on`,
  description: ({ detector, session_type, incident }) =>
    `${detector} confirmed it in a session of type ${session_type}: a tool returned or described instructions, and a later call followed them. Whoever reads that content next is hijacked too. ${until(incident)}`,
  action:
    'Stop the session and take the poisoned content or the changed tool away from agents; then undo what the calls after it did.',
  runbook: 'ir-poisoning',
  tests: () => unitTests.confirmed('tool_poisoning'),
});

export const credentialAbuseConfirmed = alert({
  name: 'CredentialAbuseConfirmed',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: {},
  measure: () => confirmed(detectorFamilies.credentials),
  above: () => 0,
  summary: ({ session_type }, value) =>
    `Secrets or denied access were used in a ${session_type} session: ${value.number} finding(s) to decide on`,
  description: ({ detector, session_type, incident }) =>
    `${detector} confirmed it in a session of type ${session_type}: a secret that one tool returned was given to another, or what was denied was reached by another way. ${until(incident)}`,
  action:
    'Rotate the secret or close the way around the denial, revoke the credentials of the session and stop its agent.',
  runbook: 'ir-credential-abuse',
  tests: () => unitTests.confirmed('credential_harvesting'),
});

export const misbehaviourConfirmed = alert({
  name: 'MisbehaviourConfirmed',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: {},
  measure: () => confirmed(detectorFamilies.behaviour),
  above: () => 0,
  summary: ({ session_type }, value) =>
    `A ${session_type} session certainly does what it should not: ${value.number} finding(s) to decide on`,
  description: ({ detector, session_type, incident }) =>
    `${detector} confirmed it in a session of type ${session_type}, by exact evidence and not by a score: an agent runs in circles, or does other work than its own. ${until(incident)}`,
  action:
    'Stop the agent of the session if its owner does not expect this; a loop costs money and load until it is stopped.',
  runbook: 'ir-misbehaviour',
  tests: () => unitTests.confirmed('loop'),
});

/** SessionAnomaly tells of tool diversity, and sooner. */
const reviewed = Object.values(detectorFamilies)
  .flat()
  .filter((detector) => detector !== 'tool_diversity');

export const findingsToReview = alert({
  name: 'FindingsToReview',
  severity: 'warning',
  group: 'slow',
  unit: 'events',
  digest: true,
  settings: { above: 0, window: '1h' },
  measure: ({ window }) =>
    sum(growth(findings, window, { detector: reviewed, severity: 'warning' }), ['detector']),
  above: ({ above }) => above,
  // What ended before the digest is sent is not in it.
  keepFiringFor: '150m',
  summary: ({ detector }, value, { window }) =>
    `${value.number} sessions stood out within ${window} and wait for a verdict: ${detector}`,
  description: ({ detector }, value, { window }) =>
    `${detector} reported ${value.number} sessions within ${window} whose score is rare enough for the digest. Unusual is not bad: most are new work. Verdicts make the detector better.`,
  action: 'Give each finding a verdict on the findings page, and stop the sessions that nobody can explain.',
  runbook: 'ir-findings-review',
  tests: unitTests.findingsToReview,
});

export const pageBudgetSpent = alert({
  name: 'PageBudgetSpent',
  severity: 'critical',
  group: 'fast',
  unit: 'events',
  settings: {},
  measure: () => sum(select(findingsUnpaged)),
  above: () => 0,
  summary: (_, value) => `${value.number} confirmed findings page nobody: the pages of the day are spent`,
  description: (_, value) =>
    `${value.number} confirmed findings went to the digest, since as many incidents as \`detection.pagesPerDay\` allows have paged within a day. This page stands for all of them, until they have their verdicts: a campaign, or a detector that is wrong about something common.`,
  action:
    'Decide on the oldest critical incidents first: a verdict on one campaign or one false alarm settles most; raise the budget only for attacks that are real and many.',
  runbook: 'ir-page-budget',
  tests: () => unitTests.pageBudgetSpent,
});

export const detectorFailing = alert({
  name: 'DetectorFailing',
  severity: 'warning',
  group: 'pipeline',
  unit: 'events',
  settings: { above: 0, window: '15m' },
  measure: ({ window }) => sum(growth(collectorDetectorErrors, window), ['detector']),
  above: ({ above }) => above,
  summary: ({ detector }, value, { window }) =>
    `The detector ${detector} tripped ${value.number} times within ${window}`,
  description: ({ detector }, value) =>
    `${detector} threw ${value.number} errors over events that it was shown. The events counted, but this detector did not judge them: that it finds nothing means nothing now.`,
  action:
    'Roll back the last update of the collector; if there was none, switch the detector off in `detection.off` and report the error of the log.',
  runbook: 'ir-detector-failing',
  tests: unitTests.detectorFailing,
});
