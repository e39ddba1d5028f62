/** One of the processes, as the one that starts them sees it: started, started again when it dies, stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Collector } from '../app.ts';
import type { CollectorConfig } from '../config.ts';
import type { FromWorker, ToWorker } from './worker.ts';

/** From the first restart, doubled for each that follows within the time after which a process counts as sound. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;
const SOUND_AFTER_MS = 60_000;

/** The argument that makes a collector's program one of several. */
export const WORKER_FLAG = '--worker';

export class WorkerProcess {
  readonly number: number;
  readonly #program: string;
  readonly #configOf: (restarts: number) => CollectorConfig;
  readonly #logger: Logger;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #restarts = 0;
  #quickDeaths = 0;
  #stopping = false;
  /** While it takes events. */
  ports: Collector['ports'] | undefined;

  constructor(
    number: number,
    program: string,
    configOf: (restarts: number) => CollectorConfig,
    logger: Logger,
  ) {
    this.number = number;
    this.#program = program;
    this.#configOf = configOf;
    this.#logger = logger;
  }

  /** Resolves when it takes events. Throws its own sentence when it cannot. */
  async start(): Promise<void> {
    const child = fork(this.#program, [WORKER_FLAG]);
    const startedAt = performance.now();
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.ports = undefined;
        ready.reject(new Error(`process ${this.number} ended before it was ready (${signal ?? code})`));
        resolve();
        if (!this.#stopping) void this.#restart(signal ?? `code ${code}`, performance.now() - startedAt);
      });
    });
    child.on('message', (message: FromWorker) => {
      if ('failed' in message) ready.reject(new Error(message.failed));
      if (!('ports' in message)) return;
      this.ports = message.ports;
      ready.resolve();
    });
    // Told of an end by the event; a message to a process that has just died fails, too.
    child.on('error', () => {});
    this.#tell({ start: this.#configOf(this.#restarts) });
    await ready.promise;
  }

  /** Stops it and waits for its end. It is not started again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#tell({ stop: true });
    await this.#ended;
  }

  #tell(message: ToWorker): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  async #restart(how: string, livedMs: number): Promise<void> {
    this.#quickDeaths = livedMs < SOUND_AFTER_MS ? this.#quickDeaths + 1 : 1;
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#quickDeaths - 1));
    this.#logger.error({ process: this.number, how, waitMs }, 'a process ended and is started again');
    await sleep(waitMs);
    if (this.#stopping) return;
    this.#restarts++;
    await this.start().catch((error: Error) => {
      this.#logger.error({ process: this.number, error: error.message }, 'a process could not start');
    });
  }
}
