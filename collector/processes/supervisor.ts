/**
 * Several processes that share the work, one for each core: each a whole collector with its own journal and sessions.
 *
 * They take events on one port, which the kernel divides by connection, and send on what belongs to another of them; see
 * `routing.ts`. This process only starts them, starts again those that die, and shows what they say as one.
 */
import { createServer } from 'node:net';
import type { Logger } from 'pino';
import { type Collector, onDisk } from '../app.ts';
import type { CollectorConfig } from '../config.ts';
import { isLoopback, type Listening, listen } from '../listen.ts';
import { makeFolders, partOf } from './layout.ts';
import { operationsFront, supervisorMetrics } from './operations-front.ts';
import { pagesFront } from './pages-front.ts';
import { WorkerProcess } from './worker-process.ts';

/** Starts them and resolves when all take events. `program` is run for each. Throws one sentence that says what to mend. */
export async function startProcesses(
  config: CollectorConfig,
  program: string,
  logger: Logger,
): Promise<Collector> {
  // They judge by the names that are asked for; what this process passes on comes to all of them from this machine.
  if (!isLoopback(config.pages.host))
    throw new Error('pages.host must be a loopback address such as 127.0.0.1 when processes is above 1');
  const directories = await onDisk(config, () => makeFolders(config, logger));
  const ingest = { ...config.ingest, port: await freePort(config.ingest) };
  const workers = directories.map(
    (_, number) =>
      new WorkerProcess(
        number,
        program,
        (restarts) => partOf({ ...config, ingest }, directories, number, restarts),
        logger,
      ),
  );
  const fronts: Listening[] = [];
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const front of fronts) await front.close();
  };
  try {
    const metrics = supervisorMetrics();
    const bounds = { limits: config.limits, onRefused: () => metrics.refuse('connections') };
    const operations = operationsFront(config, workers, metrics, () => stopping !== undefined);
    fronts.push(await listen(operations, 'operations', config.operations, bounds));
    fronts.push(await listen(pagesFront(config, workers), 'pages', config.pages, bounds));
    await Promise.all(workers.map((worker) => worker.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  const ports = { ingest: ingest.port, operations: fronts[0]!.port, pages: fronts[1]!.port };
  logger.info({ ports, processes: workers.length }, 'the processes take events');
  return {
    ports,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** The port that all will listen on. Nobody else may: the kernel would give them a share of the events. */
async function freePort({ host, port }: CollectorConfig['ingest']): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') resolve();
      else
        reject(
          new Error(`port ${port} on ${host} is in use: end what listens there, or set another ingest.port`),
        );
    });
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : port;
}
