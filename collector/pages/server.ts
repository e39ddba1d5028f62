/**
 * Port 8080: what happened, for people (HTML) and for their scripts (`/api`). It only reads.
 *
 * Everything shown was sent by agents and tools that may be hostile: the pages escape all of it, run no script and load
 * nothing from elsewhere.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pipeline } from '../process/pipeline.ts';
import type { Session } from '../process/session.ts';
import { findingsPage } from './findings-page.ts';
import { type Html, html } from './html.ts';
import { page } from './layout.ts';
import { BadQuery, listSessions, readListQuery } from './session-list.ts';
import { sessionPage } from './session-page.ts';
import { sessionsPage } from './sessions-page.ts';
import { styleSheet } from './style.ts';
import { type EventLog, readTimeline } from './timeline.ts';
import { findingView, sessionDetailView, sessionView } from './views.ts';

const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** A request that gets no page; its message is one sentence. */
class NoAnswer extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

type WithId = { Params: { id: string } };

const queryOf = (request: FastifyRequest) => new URL(request.url, 'http://pages').searchParams;
const sendPage = (reply: FastifyReply, content: Html) =>
  reply.type('text/html; charset=utf-8').send(content.text);

/** Adds the pages and the API to a server of their own. */
export function registerPages(app: FastifyInstance, pipeline: Pipeline, log: EventLog): void {
  const { sessions, findings } = pipeline;

  function sessionOf({ params }: FastifyRequest<WithId>): Session {
    const session = sessions.find(params.id);
    if (session) return session;
    throw new NoAnswer(404, 'no session has this id; it may have ended long ago, see the list of sessions');
  }

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    refuseForeignName(request);
  });

  app.get('/', (request, reply) => sendPage(reply, sessionsPage(pipeline, readListQuery(queryOf(request)))));
  app.get('/findings', (_request, reply) => sendPage(reply, findingsPage(findings.all)));
  app.get<WithId>('/sessions/:id', async (request, reply) => {
    const session = sessionOf(request);
    const timeline = await readTimeline(log, session);
    return sendPage(reply, sessionPage(session, findings.of(session.id), timeline));
  });
  app.get('/style.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(styleSheet));

  app.get('/api/sessions', (request, reply) => {
    const { shown, matching } = listSessions(pipeline, readListQuery(queryOf(request)));
    const bySession = Map.groupBy(findings.all, ({ session }) => session);
    const views = shown.map((session) => sessionView(session, bySession.get(session.id)?.length ?? 0));
    return reply.send({ matching, sessions: views });
  });
  app.get<WithId>('/api/sessions/:id', async (request, reply) => {
    const session = sessionOf(request);
    return reply.send(sessionDetailView(session, findings.of(session.id), await readTimeline(log, session)));
  });
  app.get('/api/findings', (_request, reply) => reply.send({ findings: findings.all.map(findingView) }));

  app.setNotFoundHandler(() => {
    throw new NoAnswer(404, 'there is no such page; the pages are / and /findings, the API is under /api');
  });
  app.setErrorHandler((error, request, reply) => {
    const status = error instanceof NoAnswer ? error.status : error instanceof BadQuery ? 400 : 500;
    const sentence = status === 500 ? 'the page could not be made' : (error as Error).message;
    reply.code(status);
    if (request.url.startsWith('/api/')) return reply.send({ error: sentence });
    const text = `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
    return sendPage(reply, page(status === 404 ? 'Not found' : 'No answer', '', html`<p>${text}</p>`));
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
