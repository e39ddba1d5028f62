/** The page of one session: who, what, where data could have gone, and what happened when. */
import type { SessionRecord } from '../audit/session-record.ts';
import type { McpEvent } from '../catalogue/events.ts';
import type { Finding } from '../process/findings.ts';
import { findingBox } from './findings-page.ts';
import { bytes, count, duration, foldedTable, moment, sentence, table } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { page } from './layout.ts';
import type { SessionsOfId } from './session-list.ts';
import { pathOf, stateOf } from './sessions-page.ts';
import type { Timeline } from './timeline.ts';
import { toolsByCalls } from './views.ts';

const kindNames: Readonly<Record<McpEvent['kind'], string>> = {
  tool_call: 'Call',
  session_start: 'Session started',
  session_end: 'Session ended',
  policy_decision: 'Policy decision',
  dlp_block: 'DLP block',
  auth_failure: 'Auth failure',
  tool_list: 'Tools listed',
};

/** Values of one fact that are named before the rest is counted. */
const NAMED = 5;

const badge = (text: string, level: string) => html`<span class="badge ${level}">${text}</span>`;
const calm = new Set(['ok', 'input_required', 'task', 'allow']);
const blocked = new Set(['denied', 'blocked', 'auth_denied', 'deny']);

function verdict(word: string): Html {
  return badge(word, calm.has(word) ? '' : blocked.has(word) ? 'critical' : 'warning');
}

/** What came of an event, in a word that stands out where it is not good. */
function outcome(event: McpEvent): Content {
  if (event.kind === 'tool_call') return verdict(event.outcome);
  if (event.kind === 'policy_decision') return verdict(event.decision);
  if (event.kind === 'dlp_block') return badge('blocked', 'critical');
  if (event.kind === 'auth_failure') return badge(event.reason ?? 'failed', 'critical');
  return undefined;
}

/** The rest of what an event says, in a few words; of a trace id as much as tells it from its neighbours. */
function details(event: McpEvent): Content {
  const parts: (string | undefined)[] = [];
  if (event.kind === 'tool_call') {
    parts.push(event.fault && event.fault !== 'none' ? `fault: ${event.fault}` : undefined);
    parts.push(event.code === undefined ? undefined : `code ${event.code}`);
  } else if (event.kind === 'policy_decision')
    parts.push(event.policy && `policy ${event.policy}`, event.reason);
  else if (event.kind === 'dlp_block')
    parts.push(`rule ${event.rule}`, event.direction && `in the ${event.direction}`);
  else if (event.kind === 'session_end') parts.push(event.reason);
  else if (event.kind === 'tool_list') parts.push(`${event.tools.length} tools`);
  parts.push(event.source && `from ${event.source}`);
  const words = parts.filter(Boolean).join(', ');
  if (event.trace_id === undefined) return words;
  const trace = html`<abbr title="${event.trace_id}">trace ${event.trace_id.slice(0, 8)}</abbr>`;
  return words ? [words, ', ', trace] : trace;
}

function timelineRow(event: McpEvent, startedMs: number): Content[] {
  const timeMs = Date.parse(event.time);
  const call = event.kind === 'tool_call' ? event : undefined;
  return [
    // Evidence of findings points here.
    call ? html`<span id="t${timeMs}">${moment(timeMs)}</span>` : moment(timeMs),
    `+${duration(Math.max(timeMs - startedMs, 0))}`,
    kindNames[event.kind],
    'tool' in event ? `${event.server}/${event.tool}` : event.server,
    outcome(event),
    call?.duration_ms === undefined ? '' : duration(call.duration_ms),
    call?.request_bytes === undefined ? '' : bytes(call.request_bytes),
    call?.response_bytes === undefined ? '' : bytes(call.response_bytes),
    details(event),
  ];
}

/** Distinct values in the order in which they came, in a few words. */
function distinct(values: Iterable<string | undefined>): string {
  const all = [...new Set(values)].filter((value) => value !== undefined);
  if (all.length === 0) return 'not known';
  return all.length <= NAMED
    ? all.join(', ')
    : `${all.slice(0, NAMED).join(', ')} and ${count(all.length - NAMED)} more`;
}

/** A value that leads to the other sessions that have it. */
const sessionsWith = (field: 'user' | 'client' | 'tool', value: string): Html =>
  html`<a href="/?${new URLSearchParams({ [field]: value }).toString()}">${value}</a>`;

function facts(session: SessionRecord, { events }: Timeline): Html {
  const { startedMs, lastMs, end } = session;
  const entries: [string, Content][] = [
    ['State', end?.reason ? `${stateOf(session)}: ${end.reason}` : stateOf(session)],
    ['Type', session.type],
    ['User', session.user === undefined ? 'not known' : sessionsWith('user', session.user)],
    ['Client', sessionsWith('client', session.client)],
    ['Client version', distinct(events.map(({ client }) => client?.version))],
    ['Network address', distinct(events.map(({ source }) => source))],
    ['First server', session.server],
    ['Environment', session.environment ?? 'not known'],
    ['First event (UTC)', moment(startedMs)],
    ['Last event (UTC)', moment(lastMs)],
    ['Lasted', duration(lastMs - startedMs)],
    ['Calls', count(session.calls)],
    ['Distinct tools', count(session.tools.size)],
    ['Errors', count(session.errors)],
    ['Refused calls', count(session.refused)],
    ['Denied by policy', count(session.denials)],
    ['DLP blocks', count(session.dlpBlocks)],
    ['Auth failures', count(session.authFailures)],
    ['Events after its end', count(session.lateEvents)],
  ];
  return html`<dl>${entries.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
  )}</dl>`;
}

/** Sessions that had the same id before or after this one. */
function otherSessions(others: readonly SessionRecord[]): Html | '' {
  if (others.length === 0) return '';
  const links = others.map(
    (other) => html`<li><a href="${pathOf(other)}">${moment(other.startedMs)}</a></li>`,
  );
  return html`<p>The same session id was in use at other times:</p><ul class="inline">${links}</ul>`;
}

export function sessionPage(
  { session, others, trouble }: SessionsOfId & { readonly session: SessionRecord },
  findings: readonly Finding[],
  timeline: Timeline,
): Html {
  const number = { number: true } as const;
  const partial = timeline.partial
    ? html`<p class="muted">Only the newest ${count(timeline.events.length)} events are shown; the session has more, or they
are no longer in the journal.</p>`
    : '';
  return page(
    `Session ${session.id}`,
    '/',
    html`<ul class="inline">
<li><a href="/">All sessions</a></li>
<li><a href="/?type=${encodeURIComponent(session.type)}">Sessions of type ${session.type}</a></li>
<li><a href="#flow">Data flow</a></li>
<li><a href="#tools">Tools</a></li>
<li><a href="#timeline">Timeline</a></li>
</ul>
${findings.map((finding) => findingBox(finding, false))}
${facts(session, timeline)}
${otherSessions(others)}${trouble ? html`<p class="muted">${sentence(trouble)}</p>` : ''}
<h2 id="flow">Data flow between tools</h2>
<p class="muted">At most this much of what a tool returned can have been sent to another one by a later call: the smaller of
the two sizes, over the last eight calls.</p>
${foldedTable(
  'Data flow between tools',
  [{ title: 'From' }, { title: 'To' }, { title: 'At most', ...number }],
  timeline.flows.map(({ from, to, bytes: most }) => [from, to, bytes(most)]),
  'No flow between different tools, or no sizes were reported.',
)}
<h2 id="tools">Tools</h2>
${foldedTable(
  'Tools',
  [{ title: 'Tool' }, { title: 'Calls', ...number }],
  toolsByCalls(session).map(([tool, calls]) => [sessionsWith('tool', tool), count(calls)]),
  'No tool was called.',
)}
<h2 id="timeline">Timeline</h2>
${partial}
${table(
  'Timeline',
  [
    { title: 'Time (UTC)' },
    { title: 'Since start', ...number },
    { title: 'What' },
    { title: 'Where' },
    { title: 'Outcome' },
    { title: 'Took', ...number },
    { title: 'Sent', ...number },
    { title: 'Returned', ...number },
    { title: 'Details' },
  ],
  timeline.events.map((event) => timelineRow(event, session.startedMs)),
  'None of its events is in the journal any more.',
)}`,
  );
}
