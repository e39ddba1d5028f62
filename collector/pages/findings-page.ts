/** The page of findings by incident, what the detectors can judge by now, and how a finding looks on other pages. */
import { detectors } from '../catalogue/labels.ts';
import { type Finding, worstOf } from '../process/finding.ts';
import type { Pipeline } from '../process/pipeline.ts';
import { detectorNames } from './detector-names.ts';
import type { FindingList } from './finding-query.ts';
import { count, foldedTable, moment, prose, table } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { page } from './layout.ts';

export const severityBadge = (severity: Finding['severity']): Html =>
  html`<span class="badge ${severity}">${severity}</span>`;

const statusWords = { open: 'open', confirmed: 'confirmed', dismissed: 'dismissed' } as const;
export const statusOf = ({ status, verdict }: Finding): string =>
  verdict && status !== 'open'
    ? `${statusWords[status]} (${verdict.verdict.replace('_', ' ')})`
    : statusWords[status];

/** How an incident stands: open as long as one of its findings is. */
export function incidentStatus(incident: readonly Finding[]): string {
  const open = incident.filter(({ status }) => status === 'open').length;
  if (open === 0) return statusOf(leadOf(incident));
  return open === incident.length ? 'open' : `${count(open)} of ${count(incident.length)} open`;
}

/** A finding with its words; `linked` for places other than its session's page. */
export function findingBox(finding: Finding, linked: boolean): Html {
  const { id, detector, severity, session, session_type, message, user, server, last_seen_ms } = finding;
  const where = linked
    ? html`<a href="/sessions/${session}">Session of type ${session_type}</a>`
    : 'This session';
  return html`<div class="finding ${severity}">
<p>${severityBadge(severity)} <strong><a href="/findings/${id}">${detectorNames[detector]}</a></strong>: ${prose(message)}</p>
<p class="muted">${where}, user ${user ?? 'unknown'}, server ${server}, last seen ${moment(last_seen_ms)} UTC, ${statusOf(finding)}</p>
</div>
`;
}

/** Of each incident that waits for a verdict the finding that says most, those first that matter most. */
export const waitingFirst = (findings: readonly Finding[]): Finding[] =>
  [...Map.groupBy(findings, ({ incident }) => incident).values()]
    .filter((incident) => incident.some(({ status }) => status === 'open'))
    .sort(compareIncidents)
    .map((incident) => leadOf(incident.filter(({ status }) => status === 'open')));

const order = { critical: 0, warning: 1, info: 2 } as const;

/** Those that nobody decided on first, then by severity, rank and time. */
function compareIncidents(a: readonly Finding[], b: readonly Finding[]): number {
  const isOpen = (incident: readonly Finding[]) => incident.some(({ status }) => status === 'open');
  const most = (incident: readonly Finding[], of: (finding: Finding) => number) =>
    Math.max(...incident.map(of));
  return (
    Number(isOpen(b)) - Number(isOpen(a)) ||
    order[worstOf(a)] - order[worstOf(b)] ||
    most(b, ({ risk }) => Math.round(risk)) - most(a, ({ risk }) => Math.round(risk)) ||
    most(b, ({ last_seen_ms }) => last_seen_ms) - most(a, ({ last_seen_ms }) => last_seen_ms)
  );
}

/** The finding that says most of an incident. */
export const leadOf = (incident: readonly Finding[]): Finding =>
  incident.toSorted(
    (a, b) => order[a.severity] - order[b.severity] || b.risk - a.risk || a.first_seen_ms - b.first_seen_ms,
  )[0] as Finding;

function incidentRow(incident: readonly Finding[]): Content[] {
  const lead = leadOf(incident);
  const names = [...new Set(incident.map(({ detector }) => detectorNames[detector]))];
  const users = new Set(incident.flatMap(({ user }) => user ?? []));
  const sessions = new Set(incident.map(({ session }) => session)).size;
  const who = users.size > 1 ? `${count(users.size)} users` : (lead.user ?? 'user unknown');
  const where = sessions > 1 ? `${count(sessions)} sessions` : 'one session';
  return [
    severityBadge(worstOf(incident)),
    html`<strong><a href="/findings/${lead.id}">${names.join(', ')}</a></strong>: ${prose(lead.message)}<br>
<span class="muted">${who}, ${where} of type ${lead.session_type}, <code>${lead.server}/${lead.tool}</code></span>`,
    moment(Math.max(...incident.map(({ last_seen_ms }) => last_seen_ms))),
    incidentStatus(incident),
  ];
}

const incidentColumns = [
  { title: 'Severity' },
  { title: 'What happened' },
  { title: 'Last seen (UTC)' },
  { title: 'Status' },
] as const;

/** What each detector can judge by: silence of one that is learning, off or blind is no peace. */
function detectorTable({ detection }: Pipeline): Html {
  const rows = detectors.map((detector) => {
    const { state, threshold, findingsPerThousand } = detection.stateOf(detector);
    return [
      detectorNames[detector],
      state,
      threshold === undefined ? '–' : String(Number(threshold.toPrecision(3))),
      findingsPerThousand === undefined ? '–' : String(Number(findingsPerThousand.toPrecision(2))),
    ];
  });
  return foldedTable(
    'Detectors',
    [
      { title: 'Detector' },
      { title: 'State' },
      { title: 'Threshold', number: true },
      { title: 'Findings in 1,000 sessions', number: true },
    ],
    rows,
    '',
  );
}

/** All that is known of the incidents of some findings. */
const incidentsOf = ({ findings }: Pipeline, shown: readonly Finding[]): (readonly Finding[])[] =>
  [...Map.groupBy(shown, ({ incident }) => incident)].map(([id, some]) => {
    const inMemory = findings.incident(id);
    return inMemory.length > some.length ? inMemory : some;
  });

export function findingsPage(
  pipeline: Pipeline,
  { shown, matching, next }: FindingList,
  query: URLSearchParams,
): Html {
  const incidents = incidentsOf(pipeline, shown).sort(compareIncidents);
  const following = new URLSearchParams(query);
  if (next !== undefined) following.set('before', next);
  const filtered = [...query.keys()].some((name) => name !== 'before' && name !== 'limit');
  const blind = pipeline.capabilities.some('payloads')
    ? ''
    : html`<p class="notice">No source has sent arguments or results yet, so what is said in calls is <strong>not observable</strong>: read-then-send,
credentials, poisoning and drift cannot be found, and that none is listed means nothing.</p>`;
  return page(
    'Findings',
    '/findings',
    html`<p>What the detectors found in sessions, by incident. A finding is a reason to review a session, not proof that it is bad; your
verdict teaches the detectors.</p>
${blind}<ul class="inline">
<li><a href="/findings"${filtered ? '' : html` aria-current="true"`}>All</a></li>
<li><a href="/findings?status=open">Open</a></li>
<li><a href="/findings?severity=critical">Critical</a></li>
<li><a href="/findings?severity=warning">Warnings</a></li>
<li><a href="/findings?status=confirmed">Confirmed</a></li>
<li><a href="/findings?status=dismissed">Dismissed</a></li>
</ul>
<p class="muted">${count(matching)} ${matching === 1 ? 'finding' : 'findings'} in ${count(incidents.length)} ${incidents.length === 1 ? 'incident' : 'incidents'}${next === undefined ? '' : ' on this page'}.</p>
<div class="wide">${table('Incidents', incidentColumns, incidents.map(incidentRow), filtered ? 'No findings of this kind.' : 'No findings.')}</div>
${next === undefined ? '' : html`<p><a href="/findings?${following.toString()}">Older findings</a></p>`}
<h2 id="detectors">What the detectors can judge</h2>
<p class="muted">Thresholds follow from the budget of stack.config.ts and the scores of all ended sessions. A detector that is learning pages nobody;
what is exact, such as a secret that is sent on, needs no learning.</p>
${detectorTable(pipeline)}`,
  );
}
