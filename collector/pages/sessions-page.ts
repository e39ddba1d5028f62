/** The first page: findings, and the sessions that are asked for. */
import { COUNTED, type SessionQuery, type SortKey, states, traits } from '../audit/session-query.ts';
import type { SessionRecord, SessionSummary } from '../audit/session-record.ts';
import { type Finding, worstOf } from '../process/finding.ts';
import type { Pipeline } from '../process/pipeline.ts';
import { findingBox, waitingFirst } from './findings-page.ts';
import { count, duration, moment, sentence, table } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { page } from './layout.ts';
import { queryText } from './list-query.ts';
import { type SessionList, typesOf } from './session-list.ts';

/** Incidents shown above the sessions. */
const MOST_INCIDENTS = 3;

function address(query: SessionQuery, changes: Partial<SessionQuery>): string {
  const text = queryText(query, changes);
  return text === '' ? '/' : `/?${text}`;
}

function sortable(title: string, key: SortKey, query: SessionQuery) {
  const sorted = query.sort === key;
  const to = address(query, { sort: key, after: undefined });
  const link = html`<a href="${to}">${title}${sorted ? ' ↓' : ''}</a>`;
  return { title: link, ...(sorted && { sorted }) };
}

const stateNames = { open: 'open', ended: 'ended', idle: 'went idle', evicted: 'evicted' } as const;

/** How a session stands, in words. */
export const stateOf = ({ end }: Pick<SessionRecord, 'end'>): string => stateNames[end?.how ?? 'open'];

/** The path of a session's page; several sessions may have had one id. */
export const pathOf = ({ id, startedMs }: Pick<SessionRecord, 'id' | 'startedMs'>): string =>
  `/sessions/${encodeURIComponent(id)}?started=${startedMs}`;

function row(session: SessionSummary, findings: ReadonlyMap<string, readonly Finding[]>): Content[] {
  const { id, type, user, client, startedMs, lastMs, calls, errors, refused, denials, dlpBlocks } = session;
  const found = findings.get(id) ?? [];
  return [
    html`<a href="${pathOf(session)}"><code>${id.slice(0, 12)}</code></a>${
      found.length > 0
        ? html` <span class="badge ${worstOf(found)}">${found.length === 1 ? '1 finding' : `${found.length} findings`}</span>`
        : ''
    }`,
    type,
    user ?? '–',
    client,
    stateOf(session),
    moment(lastMs),
    duration(lastMs - startedMs),
    count(session.distinctTools),
    count(calls),
    count(errors),
    // A gateway may tell of one refusal twice: as the call's outcome and as an event of its own.
    count(Math.max(refused, denials + dlpBlocks)),
  ];
}

const fields = [
  ['user', 'User'],
  ['client', 'Client'],
  ['server', 'Server'],
  ['tool', 'Tool'],
  ['type', 'Session type'],
  ['id', 'Session'],
] as const;

/** What the list can be narrowed to. */
function filters(query: SessionQuery): Html {
  const choice = (
    name: string,
    title: string,
    values: readonly string[],
    chosen: string | undefined,
  ) => html`<label>${title}
<select name="${name}"><option value="">any</option>${values.map(
    (value) => html`<option${value === chosen ? html` selected` : ''}>${value}</option>`,
  )}</select></label>
`;
  const time = (name: string, title: string, ms: number | undefined) => html`<label>${title}
<input name="${name}" placeholder="2026-11-21T09:30Z" value="${ms === undefined ? '' : new Date(ms).toISOString()}"></label>
`;
  return html`<form action="/" role="search" aria-label="Sessions">
${fields.map(
  ([name, title]) => html`<label>${title} <input name="${name}" value="${query[name]}"></label>
`,
)}${time('from', 'From (UTC)', query.fromMs)}${time('until', 'Until (UTC)', query.untilMs)}${choice('state', 'State', states, query.state)}${choice('with', 'With', traits, query.with[0])}${query.sort === 'recent' ? '' : html`<input type="hidden" name="sort" value="${query.sort}">`}<button>Show</button> <a href="/">All sessions</a>
</form>`;
}

export function sessionsPage(pipeline: Pipeline, query: SessionQuery, list: SessionList): Html {
  const { sessions, matching, next, trouble } = list;
  const findings = pipeline.findings.all;
  const waiting = waitingFirst(findings);
  const bySession = Map.groupBy(findings, ({ session }) => session);
  const types = typesOf(pipeline);
  const number = { number: true } as const;
  const columns = [
    { title: 'Session' },
    { title: 'Type' },
    { title: 'User' },
    { title: 'Client' },
    { title: 'State' },
    sortable('Last event (UTC)', 'recent', query),
    { title: 'Lasted', ...number },
    { ...sortable('Distinct tools', 'tools', query), ...number },
    { ...sortable('Calls', 'calls', query), ...number },
    { ...sortable('Errors', 'errors', query), ...number },
    { title: 'Refused', ...number },
  ];
  const typeLink = (type: string | undefined) => {
    const current = type === query.type ? html` aria-current="true"` : '';
    return html`<li><a href="${address(query, { type, after: undefined })}"${current}>${type ?? 'All types'}</a></li>`;
  };
  const many = matching >= COUNTED ? `${count(COUNTED)} or more` : count(matching);
  return page(
    'Sessions',
    '/',
    html`${trouble ? html`<p class="trouble" role="status">${sentence(trouble)}</p>` : ''}
${waiting.slice(0, MOST_INCIDENTS).map((finding) => findingBox(finding, true))}${
  waiting.length > MOST_INCIDENTS
    ? html`<p><a href="/findings?status=open">All ${count(waiting.length)} incidents that wait for a verdict</a></p>`
    : ''
}
${filters(query)}
${types.length > 1 ? html`<ul class="inline" aria-label="Session types">${[undefined, ...types].map(typeLink)}</ul>` : ''}
<p>${many} match; ${count(pipeline.sessions.openCount)} sessions are open now.</p>
${table(
  'Sessions',
  columns,
  sessions.map((session) => row(session, bySession)),
  queryText(query) === ''
    ? 'No session yet. Sessions appear with the first event that carries a session id.'
    : 'No session matches.',
)}
${query.after ? html`<p><a href="${address(query, { after: undefined })}">Newest</a></p>` : ''}${
  next
    ? html`<p><a rel="next" href="${address(query, { after: next })}">Older</a></p>`
    : matching > sessions.length && !query.after
      ? html`<p class="muted">Only the first ${count(sessions.length)} are shown.</p>`
      : ''
}`,
  );
}
