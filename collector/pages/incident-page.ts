/** The page of one incident: what was found, by what evidence, against what is usual; and where a human decides. */
import { hash } from 'node:crypto';
import { type Finding, worstOf } from '../process/finding.ts';
import { detectorNames } from './detector-names.ts';
import { incidentStatus, leadOf, severityBadge, statusOf } from './findings-page.ts';
import { count, moment, prose, table } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { page } from './layout.ts';

/** Findings shown in full; the rest is as one of these. */
const SHOWN_IN_FULL = 20;

const encodingNames = {
  plain: 'as it was',
  url: 'URL-encoded',
  base64: 'as base64',
  hex: 'as hex',
  json: 'as JSON',
  nested: 'encoded more than once',
} as const;

const riskNames = {
  untrusted: 'returns what strangers wrote',
  sensitive: 'reads private data',
  sink: 'changes something',
  outward: 'lets data leave',
  secret: 'returns credentials',
} as const;
const provenanceNames = {
  registry: 'as the registry in stack.config.ts says',
  annotations: "as the server's own annotations say",
  name: 'as its name suggests',
} as const;

const toolRisk = ({ can, provenance }: Finding['tool_risk']): string =>
  `${can.length === 0 ? 'nothing known' : can.map((risk) => riskNames[risk]).join(', ')} (${provenanceNames[provenance]})`;

const verdictWords = {
  true_positive: 'attack or misuse',
  benign: 'happened, and is allowed',
  false_positive: 'false alarm',
  withdrawn: 'taken back',
} as const;

/** `baseline_sessions` as `Baseline sessions`. */
function words(name: string): string {
  const spaced = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
const figure = (value: number): string =>
  Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(3)));

function callRow(
  { session }: Finding,
  { index, time_ms, endpoint }: Finding['evidence']['calls'][number],
): Content[] {
  const what = endpoint ?? 'before the last restart';
  return [
    `#${index + 1}`,
    time_ms === undefined ? '–' : moment(time_ms),
    time_ms === undefined ? what : html`<a href="/sessions/${session}#t${time_ms}">${what}</a>`,
  ];
}

function evidence(finding: Finding): Content[] {
  const { calls, shared = [], sessions = [], excerpt } = finding.evidence;
  return [
    table(
      'Calls',
      [{ title: 'Call' }, { title: 'Time (UTC)' }, { title: 'Tool' }],
      calls.map((call) => callRow(finding, call)),
      '',
    ),
    shared.length === 0
      ? ''
      : table(
          'Content that reappears',
          [{ title: 'From' }, { title: 'To' }, { title: 'At least', number: true }, { title: 'How' }],
          shared.map(({ fromCall, toCall, fromPath, toPath, length, encoding }) => [
            html`Call #${fromCall + 1} <code>${fromPath || 'result'}</code>`,
            html`Call #${toCall + 1} <code>${toPath || 'arguments'}</code>`,
            `${count(length)} characters`,
            encodingNames[encoding],
          ]),
          '',
        ),
    sessions.length === 0
      ? ''
      : html`<p>Other sessions: ${sessions.map((id) => html`<a href="/sessions/${id}"><code>${id.slice(0, 12)}</code></a> `)}</p>`,
    excerpt === undefined ? '' : html`<blockquote>${excerpt}</blockquote>`,
  ];
}

function facts(finding: Finding): Html {
  const { destination, baseline = {} } = finding.evidence;
  const entries: [string, Content][] = [
    [
      'Session',
      html`<a href="/sessions/${finding.session}"><code>${finding.session.slice(0, 12)}</code></a>`,
    ],
    ['Session type', finding.session_type],
    ['User', finding.user ?? 'not known'],
    ['Tool', `${finding.server}/${finding.tool}`],
    ['What it can do', toolRisk(finding.tool_risk)],
    ...(destination === undefined
      ? []
      : ([['Destination', html`<code>${destination}</code>`]] as [string, Content][])),
    ['First seen (UTC)', moment(finding.first_seen_ms)],
    ['Last seen (UTC)', moment(finding.last_seen_ms)],
    ['Score', figure(finding.score)],
    ...(finding.threshold === undefined
      ? []
      : ([['Threshold', figure(finding.threshold)]] as [string, Content][])),
    ...Object.entries(baseline).map(([name, value]): [string, Content] => [words(name), figure(value)]),
    ['Status', statusOf(finding)],
  ];
  return html`<dl>${entries.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
  )}</dl>`;
}

function section(finding: Finding, index: number): Html {
  const { detector, severity, certainty, message, supporting, verdict } = finding;
  // The first is the one that the page begins with.
  const isLead = index === 0;
  return html`<section>
<h2 id="${finding.id}">${severityBadge(severity)} ${detectorNames[detector]}</h2>
${isLead ? '' : html`<p>${prose(message)}</p>`}
<p class="muted">${certainty === 'confirmed' ? 'Exact evidence, or two independent signs that fit together.' : 'Unusual by its score; needs a human to say what it is.'}</p>
${verdict === undefined ? '' : html`<p>Verdict of ${moment(verdict.time_ms)} UTC by ${verdict.by ?? 'somebody who gave no name'}: ${verdictWords[verdict.verdict]}${verdict.note === undefined ? '' : html` – ${verdict.note}`}</p>`}
${facts(finding)}
${evidence(finding)}
${
  supporting.length === 0
    ? ''
    : html`<p>Also unusual about this session:</p>
<ul>${supporting.map(({ detector: other, message: said }) => html`<li>${detectorNames[other]}: ${prose(said)}</li>`)}</ul>`
}
</section>
`;
}

/** What a human has looked at before a verdict: it must not reach what joined the incident since. */
export function seenOf(incident: readonly Finding[]): string {
  const shown = incident.map(({ id, severity, evidence: { destination, identity } }) =>
    JSON.stringify([id, severity, destination, identity]),
  );
  return hash('sha256', shown.sort().join(), 'base64url').slice(0, 16);
}

/** Posts to the incident's own address, without a script. */
function verdictForm(lead: Finding, incident: readonly Finding[]): Html {
  const findings = incident.length;
  const all = findings === 1 ? 'the finding' : `all ${findings} findings`;
  return html`<form class="verdict" method="post" action="/findings/${lead.id}/verdict">
<input type="hidden" name="seen" value="${seenOf(incident)}">
<label>Who decides <input name="by" maxlength="100" size="20" autocomplete="username" placeholder="Your name"></label>
<label>Note <input name="note" maxlength="1000" size="50" placeholder="Why, and what was done"></label>
<p>
<button name="verdict" value="true_positive">Attack or misuse</button>
<button name="verdict" value="benign">Happened, and is allowed</button>
<button name="verdict" value="false_positive">False alarm</button>
${lead.verdict === undefined ? '' : html`<button name="verdict" value="withdrawn">Take the verdict back</button>`}
</p>
<p class="muted">For ${all} of the incident. A false alarm makes the detector stricter; what is allowed or was a false alarm is not told of again for
30 days; a session with an attack teaches no baseline.</p>
</form>
`;
}

export function incidentPage(incident: readonly Finding[]): Html {
  const lead = leadOf(incident);
  const rest = incident.filter((finding) => finding !== lead);
  const shown = [lead, ...rest].slice(0, SHOWN_IN_FULL);
  const sessions = new Set(incident.map(({ session }) => session)).size;
  const many = incident.length - shown.length;
  return page(
    `Incident: ${detectorNames[lead.detector].toLowerCase()}`,
    '/findings',
    html`<ul class="inline"><li><a href="/findings">All findings</a></li></ul>
<div class="finding ${worstOf(incident)}"><p>${severityBadge(worstOf(incident))} ${prose(lead.message)}</p>
<p class="muted">${count(incident.length)} ${incident.length === 1 ? 'finding' : 'findings'} in ${count(sessions)} ${sessions === 1 ? 'session' : 'sessions'}, ${incidentStatus(incident)}</p></div>
${verdictForm(lead, incident)}
${shown.map(section)}
${many > 0 ? html`<p class="muted">${count(many)} more findings show the same.</p>` : ''}`,
  );
}
