/** Port 9464: what Prometheus scrapes and what an orchestrator asks. */
import fastify, { type FastifyInstance } from 'fastify';
import { collectorRejections } from './catalogue/collector-metrics.ts';
import type { CollectorLimits } from './config.ts';
import { EXPOSITION_TYPE } from './exposition.ts';
import type { Instruments } from './instruments.ts';
import { httpOptions } from './listen.ts';
import { Scrapes } from './scrapes.ts';

/** `notReady` says in one sentence why no events can be taken now; undefined when they can. */
export function createOperationsServer(
  instruments: Instruments,
  limits: CollectorLimits,
  notReady: () => string | undefined,
): FastifyInstance {
  const app = fastify(httpOptions(limits));
  const scrapes = new Scrapes((reason) => instruments.inc(collectorRejections, { reason }));
  app.get('/metrics', async (_request, reply) => {
    reply.hijack();
    await scrapes.send(reply.raw, instruments.scrape());
  });
  app.get('/metrics/alerts', async (_request, reply) =>
    reply.type(EXPOSITION_TYPE).send(instruments.alertsExposition()),
  );
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
