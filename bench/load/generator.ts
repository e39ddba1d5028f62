/**
 * The load: a process of its own that sends a fixed number of requests over keep-alive connections.
 *
 * Paced, a request is due at its time whatever became of those before it, so that a slow server is not asked less often.
 * Its time is counted from when it was handed to its socket; from when it was due, where no connection was free for it.
 * That this process came late to hand it over (it shares the machine with the server) is no time that the server took,
 * and is told apart; that it came late to read an answer cannot be told from a late answer, and counts.
 *
 * All that is due is sent in one turn of a timer, and nothing is made for a request but its bytes and what its answer calls:
 * with a promise and a timer for each, a paced request took 20 µs of the processors that the server needs, now 16.
 */
import { answerMessages } from '../child.ts';
import { bodiesOf, type Shape } from '../payload/bodies.ts';
import { type Template, withHead, withNewIds } from '../payload/template.ts';
import { type Answer, Connection } from './connection.ts';
import type { Job, Outcome, Times } from './job.ts';

const TURN_MS = 1;

/** Whole requests, head and body, by shape. */
const known = new Map<string, readonly Template[]>();

function requestsOf(shape: Shape): readonly Template[] {
  const key = `${shape.format} ${shape.eventsPerRequest}`;
  const made = known.get(key);
  if (made) return made;
  const { path, contentType, templates } = bodiesOf(shape);
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: ${contentType}\r\ncontent-length: `;
  const requests = templates.map((body) =>
    withHead(Buffer.from(`${head}${body.bytes.length}\r\n\r\n`, 'latin1'), body),
  );
  known.set(key, requests);
  return requests;
}

class Run {
  readonly #job: Job;
  readonly #templates: readonly Template[];
  readonly #free: Connection[];
  readonly #latencies: Float64Array;
  readonly #lateness: Float64Array;
  readonly #startedMs = performance.now();
  /** How many requests are due, sent and answered. */
  #due = 0;
  #sent = 0;
  #answered = 0;
  #timer: NodeJS.Timeout | undefined;
  #settle: { readonly done: () => void; readonly failed: (error: Error) => void } | undefined;

  constructor(job: Job, connections: readonly Connection[]) {
    this.#job = job;
    this.#templates = requestsOf(job.shape);
    this.#free = [...connections];
    this.#latencies = new Float64Array(job.requests);
    this.#lateness = new Float64Array(job.requests);
  }

  async outcome(): Promise<Outcome> {
    const { requestsPerSecond, requests } = this.#job;
    await new Promise<void>((done, failed) => {
      this.#settle = { done, failed };
      for (const connection of this.#free) connection.onError(failed);
      if (requestsPerSecond === undefined) this.#due = requests;
      else this.#timer = setInterval(() => this.#turn(), TURN_MS);
      this.#sendDue();
    }).finally(() => clearInterval(this.#timer));
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    return { seconds, latencyMs: timesOf(this.#latencies), latenessMs: timesOf(this.#lateness) };
  }

  #turn(): void {
    const nowMs = performance.now();
    const { requests } = this.#job;
    for (; this.#due < requests; this.#due++) {
      const lateMs = nowMs - this.#dueMs(this.#due);
      if (lateMs < 0) break;
      this.#lateness[this.#due] = lateMs;
    }
    this.#sendDue();
  }

  #sendDue(): void {
    // Whichever was free for longest: one that is never used would be closed by the server.
    while (this.#sent < this.#due && this.#free.length > 0)
      this.#post(this.#free.shift()!, performance.now());
  }

  #dueMs(n: number): number {
    return this.#startedMs + (n * 1_000) / this.#job.requestsPerSecond!;
  }

  #post(connection: Connection, sinceMs: number): void {
    const { run, shape } = this.#job;
    const n = this.#sent++;
    const template = this.#templates[n % this.#templates.length]!;
    connection.post(withNewIds(template, run, n * shape.eventsPerRequest), (answer) =>
      this.#onAnswer(connection, answer, sinceMs),
    );
  }

  #onAnswer(connection: Connection, { status, body }: Answer, sinceMs: number): void {
    if (status < 200 || status > 299 || !body.includes(this.#job.expect)) {
      this.#settle!.failed(new Error(`a request of the load was answered ${status} ${body.slice(0, 500)}`));
      return;
    }
    const nowMs = performance.now();
    this.#latencies[this.#answered++] = nowMs - sinceMs;
    if (this.#sent < this.#due) {
      const isPaced = this.#job.requestsPerSecond !== undefined;
      // It has waited for a connection since it was due.
      this.#post(connection, isPaced ? this.#dueMs(this.#sent) : nowMs);
    } else this.#free.push(connection);
    if (this.#answered === this.#job.requests) this.#settle!.done();
  }
}

function timesOf(ms: Float64Array): Times {
  ms.sort();
  const within = (share: number) => ms[Math.ceil(share * ms.length) - 1]!;
  return { p50: within(0.5), p99: within(0.99), max: within(1) };
}

async function run(job: Job): Promise<Outcome> {
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => Connection.open(job.port)),
  );
  try {
    return await new Run(job, connections).outcome();
  } finally {
    for (const connection of connections) connection.close();
  }
}

answerMessages(run);
