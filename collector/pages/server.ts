/**
 * Port 8080: what happened, for people (HTML) and for their scripts (`/api`). It reads, and takes verdicts on findings.
 *
 * Everything shown was sent by agents and tools that may be hostile: the pages escape all of it, run no script and load
 * nothing from elsewhere.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findingsOfSession } from './finding-list.ts';
import { type FindingParts, registerFindings } from './finding-routes.ts';
import { sentence } from './format.ts';
import { type Html, html } from './html.ts';
import { page } from './layout.ts';
import { BadQuery, cursorText, readListQuery } from './list-query.ts';
import { NoAnswer } from './no-answer.ts';
import { findSession, listSessions, type SessionsOfId, type Shown } from './session-list.ts';
import { sessionPage } from './session-page.ts';
import { sessionsPage } from './sessions-page.ts';
import { styleSheet } from './style.ts';
import { type EventLog, readTimeline } from './timeline.ts';
import { sessionDetailView, sessionView } from './views.ts';

const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

type WithId = { Params: { id: string } };

const queryOf = (request: FastifyRequest) => new URL(request.url, 'http://pages').searchParams;
const sendPage = (reply: FastifyReply, content: Html) =>
  reply.type('text/html; charset=utf-8').send(content.text);

/** Adds the pages and the API to a server of their own. */
export function registerPages(
  app: FastifyInstance,
  shown: Shown,
  log: EventLog,
  taking: Pick<FindingParts, 'findingLog' | 'now'>,
): void {
  const { pipeline } = shown;
  const { findings } = pipeline;

  async function sessionOf(request: FastifyRequest<WithId>) {
    const started = queryOf(request).get('started');
    const found = await findSession(shown, request.params.id, started === null ? undefined : Number(started));
    const { session, others, trouble } = found;
    if (!session)
      throw new NoAnswer(
        404,
        trouble ?? 'no session has this id; if it ended long ago, the journal has it no more',
      );
    const before = others.find(({ startedMs }) => startedMs < session.startedMs);
    const timeline = await readTimeline(log, session, before?.end?.untilMs);
    return { found: { ...found, session } satisfies SessionsOfId, others, session, timeline };
  }

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    refuseForeignName(request);
  });

  app.get('/', async (request, reply) => {
    const query = readListQuery(queryOf(request));
    return sendPage(reply, sessionsPage(pipeline, query, await listSessions(shown, query)));
  });
  app.get<WithId>('/sessions/:id', async (request, reply) => {
    const { found, session, timeline } = await sessionOf(request);
    return sendPage(reply, sessionPage(found, await findingsOfSession(shown, session.id), timeline));
  });
  app.get('/style.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(styleSheet));

  app.get('/api/sessions', async (request, reply) => {
    const { sessions, matching, next, trouble } = await listSessions(shown, readListQuery(queryOf(request)));
    const bySession = Map.groupBy(findings.all, ({ session }) => session);
    const views = sessions.map((session) => sessionView(session, bySession.get(session.id)?.length ?? 0));
    return reply.send({ matching, next: next && cursorText(next), missing: trouble, sessions: views });
  });
  app.get<WithId>('/api/sessions/:id', async (request, reply) => {
    const { session, others, timeline } = await sessionOf(request);
    return reply.send(
      sessionDetailView(session, others, await findingsOfSession(shown, session.id), timeline),
    );
  });
  registerFindings(app, { ...shown, ...taking });

  app.setNotFoundHandler(() => {
    throw new NoAnswer(404, 'there is no such page; the pages are / and /findings, the API is under /api');
  });
  app.setErrorHandler((error, request, reply) => {
    // Of a body that is too large or no JSON, the framework says so itself.
    const { statusCode = 500 } = error as { readonly statusCode?: number };
    const status =
      error instanceof NoAnswer
        ? error.status
        : error instanceof BadQuery
          ? 400
          : statusCode < 500
            ? statusCode
            : 500;
    const words = status === 500 ? 'the page could not be made' : (error as Error).message;
    reply.code(status);
    if (request.url.startsWith('/api/')) return reply.send({ error: words });
    return sendPage(
      reply,
      page(status === 404 ? 'Not found' : 'No answer', '', html`<p>${sentence(words)}</p>`),
    );
  });
}

/**
 * On loopback, only names of this machine are answered: else any web site whose name is pointed at 127.0.0.1 could read
 * the pages through the browser of whoever forwards this port.
 */
function refuseForeignName({ socket, hostname }: FastifyRequest): void {
  const local = socket.localAddress ?? '';
  const onLoopback = local === '::1' || local.replace('::ffff:', '').startsWith('127.');
  if (!onLoopback || /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(hostname)) return;
  throw new NoAnswer(421, 'open the pages under localhost or 127.0.0.1');
}
