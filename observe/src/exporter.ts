/**
 * Events on their way to the collector. Adding one costs a push; building, writing and sending happen later, off the
 * path of the messages. The queue is bounded, drops its oldest and counts what it dropped.
 */
import { AsyncResource } from 'node:async_hooks';
import type { LookoutEvent } from './events.ts';
import { fields } from './json.ts';
import { type Answer, Connection } from './post.ts';
import type { Settings } from './settings.ts';

const BATCH_EVENTS = 500;
const BATCH_BYTES = 1024 * 1024;
const QUEUED_BYTES = 32 * 1024 * 1024;
const SEND_EVERY_MS = 500;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;

/** What became of the events so far. */
export interface ObserveStats {
  /** Waiting to be sent. */
  queued: number;
  /** Taken by the collector, duplicates included. */
  accepted: number;
  /** Refused by the collector one by one, or with their whole batch, as wrong. */
  rejected: number;
  /** Thrown away since the queue was full. */
  dropped: number;
  /** Calls beyond the bound on calls in flight, or in messages that could not be read. */
  unobserved: number;
  /** Lines of a stdio server that are no JSON-RPC. */
  garbageLines: number;
  /** Why the last attempt to send failed. */
  lastError: string | undefined;
}

export class Exporter {
  readonly stats: ObserveStats = {
    queued: 0,
    accepted: 0,
    rejected: 0,
    dropped: 0,
    unobserved: 0,
    garbageLines: 0,
    lastError: undefined,
  };
  readonly #settings: Settings;
  readonly #connection = new Connection();
  // Timers inherit the context they are made in: a request's trace must not adopt what is sent here.
  readonly #context = new AsyncResource('mcp-lookout-observe');
  #unbuilt: (() => LookoutEvent | undefined)[] = [];
  #building = false;
  #lines: string[] = [];
  #queuedBytes = 0;
  #sending: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #droppedTold = 0;
  #batchLimit = BATCH_EVENTS;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Takes an event that is built later, or turns out to be none. Never throws. */
  add(build: () => LookoutEvent | undefined): void {
    this.#unbuilt.push(build);
    if (this.#building) return;
    this.#building = true;
    this.#context.runInAsyncScope(() => setImmediate(() => this.#build()));
  }

  /** Sends what is there. Resolves true when nothing is left; false at the deadline or the first failure. */
  async flush(deadlineMs: number): Promise<boolean> {
    this.#build();
    clearTimeout(this.#timer);
    this.#connection.hold();
    let expired: NodeJS.Timeout | undefined;
    const deadline = new Promise<boolean>((resolve) => {
      expired = setTimeout(() => resolve(false), deadlineMs);
    });
    try {
      return await Promise.race([this.#sendAll(), deadline]);
    } finally {
      clearTimeout(expired);
      this.#connection.release();
    }
  }

  async #sendAll(): Promise<boolean> {
    if (this.#sending !== undefined) await this.#sending;
    while (this.#lines.length > 0) {
      if (!(await this.#send())) return false;
    }
    return true;
  }

  #build(): void {
    this.#building = false;
    const unbuilt = this.#unbuilt;
    this.#unbuilt = [];
    for (const build of unbuilt) {
      try {
        const event = build();
        if (event === undefined) continue;
        const line = JSON.stringify(event);
        this.#lines.push(line);
        this.#queuedBytes += line.length;
      } catch {
        this.stats.dropped += 1;
      }
    }
    this.#trim();
    this.#wake(this.#lines.length >= this.#batchLimit ? 0 : SEND_EVERY_MS);
  }

  #trim(): void {
    let surplus = Math.max(0, this.#lines.length - this.#settings.maxQueuedEvents);
    let bytes = this.#queuedBytes;
    for (let i = 0; i < this.#lines.length && (i < surplus || bytes > QUEUED_BYTES); i++) {
      bytes -= this.#lines[i]!.length;
      surplus = Math.max(surplus, i + 1);
    }
    if (surplus > 0) {
      this.#lines.splice(0, surplus);
      this.#queuedBytes = bytes;
      this.stats.dropped += surplus;
    }
    this.stats.queued = this.#lines.length;
  }

  #wake(afterMs: number): void {
    if (this.#sending !== undefined || this.#lines.length === 0) return;
    if (this.#timer !== undefined && (afterMs > 0 || this.#failures > 0)) return;
    clearTimeout(this.#timer);
    this.#context.runInAsyncScope(() => {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        void this.#send();
      }, afterMs);
      this.#timer.unref();
    });
  }

  /** Sends one batch. Resolves whether the collector took care of it. */
  #send(): Promise<boolean> {
    this.#sending ??= this.#attempt().then(({ taken, waitMs }) => {
      this.#sending = undefined;
      this.#wake(waitMs);
      return taken;
    });
    return this.#sending;
  }

  async #attempt(): Promise<{ taken: boolean; waitMs: number }> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#takeBatch();
    if (batch.length === 0) return { taken: true, waitMs: SEND_EVERY_MS };
    const dropped = this.stats.dropped;
    let askedMs: number | undefined;
    try {
      const answer = await this.#post(batch, dropped - this.#droppedTold);
      if (this.#takenBy(answer, batch)) {
        // The collector counts drops of accepted batches only.
        if (isAccepted(answer)) this.#droppedTold = dropped;
        this.#failures = 0;
        return { taken: true, waitMs: this.#lines.length >= this.#batchLimit ? 0 : SEND_EVERY_MS };
      }
      this.stats.lastError = `the collector answered ${answer.status}`;
      askedMs = answer.retryAfterMs;
    } catch (error) {
      this.stats.lastError = (error as Error).message;
    }
    this.#putBack(batch);
    const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures);
    this.#failures = Math.min(10, this.#failures + 1);
    return {
      taken: false,
      waitMs:
        askedMs === undefined ? backoff * (0.5 + Math.random() / 2) : Math.max(FIRST_BACKOFF_MS, askedMs),
    };
  }

  #post(batch: readonly string[], newlyDropped: number): Promise<Answer> {
    const token = this.#settings.token();
    return this.#context.runInAsyncScope(() =>
      this.#connection.post(
        this.#settings.endpoint,
        {
          'content-type': 'application/x-ndjson',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(newlyDropped > 0 && { 'mcp-lookout-dropped-events': String(newlyDropped) }),
        },
        Buffer.from(`${batch.join('\n')}\n`),
      ),
    );
  }

  /** Whether the batch needs no other attempt. A partial answer names events that never will be accepted. */
  #takenBy(answer: Answer, batch: readonly string[]): boolean {
    const { status } = answer;
    if (isAccepted(answer)) {
      const refused = Math.min(batch.length, refusedIn(answer.body));
      this.stats.rejected += refused;
      this.stats.accepted += batch.length - refused;
      return true;
    }
    if (status === 413 && batch.length > 1) {
      this.#batchLimit = Math.max(1, batch.length >> 1);
      return false;
    }
    // Other client errors are about the batch; wrong tokens, paths and rates can be mended while it waits.
    if (status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status)) {
      this.stats.rejected += batch.length;
      this.stats.lastError = `the collector answered ${status}`;
      return true;
    }
    return false;
  }

  #takeBatch(): string[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#lines.length && count < this.#batchLimit) {
      bytes += this.#lines[count]!.length;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count += 1;
    }
    const batch = this.#lines.splice(0, count);
    for (const line of batch) this.#queuedBytes -= line.length;
    this.stats.queued = this.#lines.length;
    return batch;
  }

  #putBack(batch: string[]): void {
    this.#lines = batch.concat(this.#lines);
    for (const line of batch) this.#queuedBytes += line.length;
    this.#trim();
  }
}

const isAccepted = ({ status }: Answer) => status >= 200 && status < 300;

function refusedIn(body: string): number {
  try {
    const refused = fields(JSON.parse(body))?.rejected;
    return Array.isArray(refused) ? refused.length : 0;
  } catch {
    return 0;
  }
}
