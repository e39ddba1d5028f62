/** Port 9464: what Prometheus scrapes and what an orchestrator asks. */
import fastify, { type FastifyInstance } from 'fastify';
import { EXPOSITION_TYPE } from './exposition.ts';
import type { Instruments } from './instruments.ts';

/** `notReady` says in one sentence why no events can be taken now; undefined when they can. */
export function createOperationsServer(
  instruments: Instruments,
  notReady: () => string | undefined,
): FastifyInstance {
  const app = fastify({ logger: false, requestTimeout: 10_000, return503OnClosing: false });
  app.get('/metrics', async (_request, reply) => {
    const text = await instruments.exposition();
    return reply.type(EXPOSITION_TYPE).send(text);
  });
  app.get('/livez', async (_request, reply) => reply.type('text/plain').send('alive\n'));
  app.get('/readyz', async (_request, reply) => {
    const why = notReady();
    return reply
      .code(why === undefined ? 200 : 503)
      .type('text/plain')
      .send(`${why ?? 'ready'}\n`);
  });
  return app;
}
