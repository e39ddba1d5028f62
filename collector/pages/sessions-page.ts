/** The first page: findings, and all sessions that are open or ended recently. */
import type { Finding } from '../process/findings.ts';
import type { Pipeline } from '../process/pipeline.ts';
import type { Session } from '../process/session.ts';
import { findingBox } from './findings-page.ts';
import { count, duration, moment, table } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { page } from './layout.ts';
import { type ListQuery, listSessions, type SortKey, typesOf } from './session-list.ts';

/** Findings shown above the sessions. */
const NEWEST_FINDINGS = 3;

function address({ type, sort, limit }: Partial<ListQuery>): string {
  const query = new URLSearchParams();
  if (type !== undefined) query.set('type', type);
  if (sort !== undefined && sort !== 'recent') query.set('sort', sort);
  if (limit !== undefined) query.set('limit', String(limit));
  return query.size > 0 ? `/?${query}` : '/';
}

function sortable(title: string, key: SortKey, query: ListQuery) {
  const sorted = query.sort === key;
  const link = html`<a href="${address({ ...query, sort: key })}">${title}${sorted ? ' ↓' : ''}</a>`;
  return { title: link, ...(sorted && { sorted }) };
}

const stateNames = { open: 'open', ended: 'ended', idle: 'went idle', evicted: 'evicted' } as const;

/** How a session stands, in words. */
export const stateOf = ({ end }: Session): string => stateNames[end?.how ?? 'open'];

function row(session: Session, findings: ReadonlyMap<string, readonly Finding[]>): Content[] {
  const { id, type, user, client, startedMs, lastMs, calls, errors, refused, denials, dlpBlocks, tools } =
    session;
  const found = findings.get(id)?.length ?? 0;
  return [
    html`<a href="/sessions/${id}"><code>${id.slice(0, 12)}</code></a>${
      found > 0
        ? html` <span class="badge warning">${found === 1 ? '1 finding' : `${found} findings`}</span>`
        : ''
    }`,
    type,
    user ?? '–',
    client,
    stateOf(session),
    moment(lastMs),
    duration(lastMs - startedMs),
    count(tools.size),
    count(calls),
    count(errors),
    // A gateway may tell of one refusal twice: as the call's outcome and as an event of its own.
    count(Math.max(refused, denials + dlpBlocks)),
  ];
}

export function sessionsPage(pipeline: Pipeline, query: ListQuery): Html {
  const { shown, matching } = listSessions(pipeline, query);
  const findings = pipeline.findings.all;
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
    const { type: chosen, ...rest } = query;
    const current = type === chosen ? html` aria-current="true"` : '';
    const to = address(type === undefined ? rest : { ...rest, type });
    return html`<li><a href="${to}"${current}>${type ?? 'All types'}</a></li>`;
  };
  return page(
    'Sessions',
    '/',
    html`<p>${count(pipeline.sessions.open.length)} open, ${count(pipeline.sessions.ended.length)} ended recently.</p>
${findings.slice(0, NEWEST_FINDINGS).map((finding) => findingBox(finding, true))}${
  findings.length > NEWEST_FINDINGS
    ? html`<p><a href="/findings">All ${count(findings.length)} findings</a></p>`
    : ''
}
<h2>Open and recently ended</h2>
${types.length > 1 ? html`<ul class="inline" aria-label="Session types">${[undefined, ...types].map(typeLink)}</ul>` : ''}
${table(
  'Sessions',
  columns,
  shown.map((session) => row(session, bySession)),
  query.type === undefined
    ? 'No session yet. Sessions appear with the first event that carries a session id.'
    : `No session of type ${query.type}.`,
)}
${matching > shown.length ? html`<p class="muted">Showing ${count(shown.length)} of ${count(matching)}.</p>` : ''}`,
  );
}
