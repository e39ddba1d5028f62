/** The operations port of several processes, answered as if by one. */
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { CollectorConfig } from '../config.ts';
import { EXPOSITION_TYPE } from '../exposition.ts';
import { runtimeRegistry } from '../instruments.ts';
import { httpOptions } from '../listen.ts';
import { Scrapes } from '../scrapes.ts';
import { mergedMetrics } from './merged-metrics.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A process that is asked and does not answer holds nobody up for longer. */
const TIMEOUT_MS = 5_000;
/** Value of the label `partition` for the process that started the others. */
const SUPERVISOR = 'supervisor';

/** Asks a process; undefined when it is not there. */
async function ask({ ports }: WorkerProcess, path: string): Promise<Response | undefined> {
  if (ports === undefined) return undefined;
  const url = `http://127.0.0.1:${ports.operations}${path}`;
  return fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined);
}

const missing = (workers: readonly WorkerProcess[]): string =>
  `process ${workers.find(({ ports }) => ports === undefined)?.number ?? ''} of ${workers.length} is not there`;

export function operationsFront(
  { limits }: CollectorConfig,
  workers: readonly WorkerProcess[],
  stopping: () => boolean,
): FastifyInstance {
  const app = fastify(httpOptions(limits));
  const scrapes = new Scrapes(() => {});
  const runtime = runtimeRegistry({ partition: SUPERVISOR });

  const textsOf = (path: string) =>
    Promise.all(workers.map(async (worker) => (await ask(worker, path))?.text().catch(() => undefined)));

  app.get('/metrics', async (_request, reply) => {
    const texts = (await textsOf('/metrics')).filter((text) => text !== undefined);
    // Less than all of it would look like calm; `up` says that something is wrong.
    if (texts.length < workers.length) return unavailable(reply, missing(workers));
    reply.hijack();
    await scrapes.send(reply.raw, buffers(mergedMetrics([...texts, await runtime.metrics()])));
  });
  // What there is must page, also while a process is away; that one is missed in /metrics.
  app.get('/metrics/alerts', async (_request, reply) => {
    const texts = (await textsOf('/metrics/alerts')).filter((text) => text !== undefined);
    if (texts.length === 0) return unavailable(reply, missing(workers));
    return reply.type(EXPOSITION_TYPE).send([...mergedMetrics(texts)].join(''));
  });
  app.get('/livez', async (_request, reply) => reply.type('text/plain').send('alive\n'));
  app.get('/readyz', async (_request, reply) => {
    if (stopping()) return unavailable(reply, 'stopping');
    const answers = await Promise.all(workers.map((worker) => ask(worker, '/readyz')));
    for (const [i, answer] of answers.entries()) {
      if (answer === undefined) return unavailable(reply, `process ${i} of ${workers.length} is not there`);
      if (answer.status !== 200) return unavailable(reply, (await answer.text()).trim());
    }
    return reply.type('text/plain').send('ready\n');
  });
  return app;
}

const unavailable = (reply: FastifyReply, why: string) => reply.code(503).type('text/plain').send(`${why}\n`);

async function* buffers(texts: Iterable<string>): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
