/** The operations port of several processes, answered as if by one. */
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { Counter } from 'prom-client';
import { collectorRejections } from '../catalogue/collector-metrics.ts';
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
const REASONS = ['overloaded', 'timeout', 'connections'] as const;

/** Asks a process; undefined when it is not there. */
async function ask({ ports }: WorkerProcess, path: string): Promise<Response | undefined> {
  if (ports === undefined) return undefined;
  const url = `http://127.0.0.1:${ports.operations}${path}`;
  return fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined);
}

const missing = (workers: readonly WorkerProcess[]): string => {
  const gone = workers.find(({ ports }) => ports === undefined);
  return gone ? `process ${gone.number} of ${workers.length} is not there` : 'a process is busy';
};

/** What the process that starts the others says of itself: its own use of the machine, and whom it refused. */
export function supervisorMetrics() {
  const runtime = runtimeRegistry({ partition: SUPERVISOR });
  const { name, help } = collectorRejections;
  const refused = new Counter({ name, help, labelNames: ['reason'], registers: [runtime] });
  for (const reason of REASONS) refused.inc({ reason }, 0);
  return { runtime, refuse: (reason: (typeof REASONS)[number]) => refused.inc({ reason }) };
}
export type SupervisorMetrics = ReturnType<typeof supervisorMetrics>;

export function operationsFront(
  { limits }: CollectorConfig,
  workers: readonly WorkerProcess[],
  { runtime, refuse }: SupervisorMetrics,
  stopping: () => boolean,
): FastifyInstance {
  const app = fastify(httpOptions(limits));
  const scrapes = new Scrapes(refuse);

  /** Of those that answer, which they refuse to more than a few at once. */
  const textsOf = async (path: string): Promise<string[]> => {
    const texts = await Promise.all(
      workers.map(async (worker) => {
        const answer = await ask(worker, path);
        return answer?.ok ? answer.text().catch(() => undefined) : undefined;
      }),
    );
    return texts.filter((text) => text !== undefined);
  };

  app.get('/metrics', async (_request, reply) => {
    const texts = await textsOf('/metrics');
    // Less than all of it would look like calm; `up` says that something is wrong.
    if (texts.length < workers.length) return unavailable(reply, missing(workers));
    reply.hijack();
    await scrapes.send(reply.raw, buffers(mergedMetrics([...texts, await runtime.metrics()])));
  });
  // What there is must page, also while a process is away; that one is missed in /metrics.
  app.get('/metrics/alerts', async (_request, reply) => {
    const texts = await textsOf('/metrics/alerts');
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
