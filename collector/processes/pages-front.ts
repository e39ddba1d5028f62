/**
 * The pages of several processes on one port: those of each below its number, such as `/1/findings`. What is asked for
 * without a number, as links from alerts do, is looked for in all of them.
 */
import { request as ask, type IncomingMessage } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { CollectorConfig } from '../config.ts';
import { httpOptions } from '../listen.ts';
import type { WorkerProcess } from './worker-process.ts';

const TIMEOUT_MS = 30_000;
const NUMBERED = /^\/(\d+)(\/.*)$/;
/** Pages of one thing, which one process has. */
const ONE_OF_ALL = /^\/(?:api\/)?(?:sessions|findings)\/./;

export function pagesFront({ limits }: CollectorConfig, workers: readonly WorkerProcess[]): FastifyInstance {
  const app = fastify(httpOptions(limits));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.all('/*', async (request, reply) => {
    const [, number, path] = NUMBERED.exec(request.url) ?? [];
    const worker = workers[Number(number)];
    if (worker !== undefined) return relay(request, reply, worker, path as string, workers.length);
    if (ONE_OF_ALL.test(request.url)) {
      const owner = await ownerOf(request, workers);
      if (owner === undefined) return reply.code(404).send({ error: 'no process has it' });
      return reply.redirect(`/${owner.number}${request.url}`, 307);
    }
    if (!request.url.startsWith('/api/')) return reply.redirect(`/0${request.url}`, 307);
    const last = workers.length - 1;
    const error = `sessions are divided among ${workers.length} processes: ask each of them, below /0 to /${last}`;
    return reply.code(400).send({ error });
  });
  return app;
}

/** Asks a process for a path as it was asked for: names and origins are for it to judge. */
function pass(
  { raw }: FastifyRequest,
  { ports }: WorkerProcess,
  path: string,
  method = raw.method,
): Promise<IncomingMessage | undefined> {
  if (ports === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const { headers } = raw;
    const target = { host: '127.0.0.1', port: ports.pages, timeout: TIMEOUT_MS };
    const asked = ask({ ...target, method, path, headers }, resolve);
    asked.on('error', () => resolve(undefined));
    asked.on('timeout', () => asked.destroy());
    if (method === raw.method) raw.pipe(asked);
    else asked.end();
  });
}

async function ownerOf(request: FastifyRequest, workers: readonly WorkerProcess[]) {
  const answers = await Promise.all(
    workers.map((worker) => pass(request, worker, request.url.replace(/\/verdict$/, ''), 'HEAD')),
  );
  for (const answer of answers) answer?.resume();
  const answered = (fits: (status: number) => boolean) =>
    workers.find((_, i) => answers[i] !== undefined && fits(answers[i].statusCode ?? 0));
  // One that cannot tell may have it, but only where nobody does for certain.
  return answered((status) => status < 400) ?? answered((status) => status !== 404);
}

async function relay(
  request: FastifyRequest,
  reply: FastifyReply,
  worker: WorkerProcess,
  path: string,
  count: number,
): Promise<FastifyReply> {
  const answer = await pass(request, worker, path);
  if (answer === undefined)
    return reply.code(503).send({ error: `process ${worker.number} of ${count} is not there` });
  const { headers, statusCode = 502 } = answer;
  const {
    connection: _,
    'keep-alive': __,
    'transfer-encoding': ___,
    'content-length': ____,
    ...kept
  } = headers;
  if (kept.location?.startsWith('/')) kept.location = `/${worker.number}${kept.location}`;
  reply.code(statusCode).headers(kept);
  if (!headers['content-type']?.startsWith('text/html')) return reply.send(answer);
  const text = (await answer.toArray()).join('');
  return reply.send(below(worker.number, text, count));
}

/** A page whose links stay with its process, and links to the others. */
function below(number: number, text: string, count: number): string {
  const others = Array.from({ length: count }, (_, i) =>
    i === number ? `<strong>${i}</strong>` : `<a href="/${i}/">${i}</a>`,
  );
  const choice = `<p>Sessions are divided among ${count} processes. This is number ${others.join(' ')}</p>`;
  return text
    .replaceAll(/(href|action)="\//g, `$1="/${number}/`)
    .replace(/<main[^>]*>/, (main) => main + choice);
}
