/** The page of findings, and how a finding looks on others. */
import type { Finding } from '../process/findings.ts';
import { moment, table } from './format.ts';
import { type Html, html } from './html.ts';
import { page } from './layout.ts';

const detectorNames: Readonly<Record<Finding['detector'], string>> = {
  tool_diversity: 'Tool diversity',
  sequence: 'Unusual order of tools',
  argument_drift: 'Drift of arguments',
  temporal: 'Unusual time',
  cross_session: 'Same call from several users',
  read_then_exfiltrate: 'Read, then sent away',
  credential_harvesting: 'Credentials gathered',
  privilege_escalation: 'Denied, then reached another way',
  slow_exfiltration: 'Slow leak',
  tool_poisoning: 'Poisoned tool',
  loop: 'Loop',
};

const severityBadge = (severity: Finding['severity']): Html =>
  html`<span class="badge ${severity}">${severity}</span>`;

/** A finding with its words; `linked` for places other than its session's page. */
export function findingBox(finding: Finding, linked: boolean): Html {
  const { detector, severity, session, session_type, message, user, server, last_seen_ms } = finding;
  const where = linked
    ? html`<a href="/sessions/${session}">Session of type ${session_type}</a>`
    : 'This session';
  return html`<div class="finding">
<p>${severityBadge(severity)} <strong>${detectorNames[detector]}</strong>: ${message}</p>
<p class="muted">${where}, user ${user ?? 'unknown'}, server ${server ?? 'unknown'}, last seen ${moment(last_seen_ms)} UTC</p>
</div>
`;
}

export function findingsPage(findings: readonly Finding[]): Html {
  const rows = findings.map((finding) => [
    moment(finding.last_seen_ms),
    severityBadge(finding.severity),
    detectorNames[finding.detector],
    html`<a href="/sessions/${finding.session}">${finding.message}</a>`,
    finding.session_type,
    finding.user ?? '–',
    finding.server ?? '–',
  ]);
  const columns = ['Last seen (UTC)', 'Severity', 'Detector', 'Finding', 'Session type', 'User', 'Server'];
  return page(
    'Findings',
    '/findings',
    html`<p>What the detectors found in sessions, the newest first. A finding is a reason to review a session, not proof
that it is bad.</p>
${table(
  'Findings',
  columns.map((title) => ({ title })),
  rows,
  'No findings. Tool diversity is judged once enough sessions of a type have completed to know what is usual.',
)}`,
  );
}
