/** The load: a process of its own that sends a fixed number of requests over keep-alive connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answerMessages } from '../child.ts';
import { quantile } from '../figures.ts';
import { type Bodies, bodiesOf, type Shape } from '../payload/bodies.ts';
import { withNewIds } from '../payload/template.ts';
import { Connection } from './connection.ts';
import type { Job, Outcome } from './job.ts';

const known = new Map<string, Bodies>();

function bodies(shape: Shape): Bodies {
  const key = `${shape.format} ${shape.eventsPerRequest}`;
  const made = known.get(key) ?? bodiesOf(shape);
  known.set(key, made);
  return made;
}

async function run(job: Job): Promise<Outcome> {
  const { templates, path, contentType } = bodies(job.shape);
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => Connection.open(job.port)),
  );
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: ${contentType}\r\ncontent-length: `;
  const latencies: number[] = [];
  const started = performance.now();
  let sent = 0;
  const drive = async (connection: Connection) => {
    while (sent < job.requests) {
      const n = sent++;
      const sinceMs = await due(job, started, n);
      const body = withNewIds(templates[n % templates.length]!, job.run, n * job.shape.eventsPerRequest);
      const { status, body: answer } = await connection.send(`${head}${body.length}\r\n\r\n`, body);
      if (status < 200 || status > 299 || !answer.includes(job.expect))
        throw new Error(`a request of the load was answered ${status} ${answer.slice(0, 500)}`);
      latencies.push(performance.now() - sinceMs);
    }
  };
  await Promise.all(connections.map(drive));
  const seconds = (performance.now() - started) / 1_000;
  for (const connection of connections) connection.close();
  return { seconds, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

/**
 * Waits until the n-th request is due, and says from when its latency counts: from then on even when no connection was
 * free at that time, else a slow server would be measured by fewer requests; but not for the timer's own delay.
 */
async function due({ requestsPerSecond }: Job, started: number, n: number): Promise<number> {
  if (requestsPerSecond === undefined) return performance.now();
  const dueMs = started + (n * 1_000) / requestsPerSecond;
  const early = dueMs - performance.now();
  if (early <= 0) return dueMs;
  await sleep(early);
  return performance.now();
}

answerMessages(run);
