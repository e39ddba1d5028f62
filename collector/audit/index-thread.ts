/** The index's thread as the collector sees it: started when it is called, and again when it has died. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { CollectorConfig } from '../config.ts';
import type { Answer, CallName, IndexCalls, IndexThreadData } from './protocol.ts';

/** What a rebuild needs at most: as many sessions as the collector itself may hold, each of ten tools with the longest names. */
const SESSION_KIB = 8;
const LEAST_HEAP_MB = 256;
/** Queries make much garbage and little that stays: a small young generation is swept as cheaply. */
const YOUNG_MB = 4;

/** From its sources, the file beside this one; in the one-file bundle, the program, which knows what it was started for. */
const entry = import.meta.filename?.endsWith('.ts')
  ? join(import.meta.dirname, 'thread-entry.ts')
  : (process.argv[1] as string);

/** A call that did not come about. */
export class IndexError extends Error {
  /** The file is bad: only a new one helps. */
  readonly damaged: boolean;

  constructor(message: string, damaged: boolean) {
    super(message);
    this.damaged = damaged;
  }
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: IndexError) => void;
}

type Result<N extends CallName> = Awaited<ReturnType<IndexCalls[N]>>;

export class IndexThread {
  readonly #data: IndexThreadData;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #calls = 0;

  constructor(config: CollectorConfig) {
    this.#data = { role: 'audit-index', config };
  }

  /** Calls that have no answer yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  call<N extends CallName>(name: N, ...given: Parameters<IndexCalls[N]>): Promise<Result<N>> {
    this.#worker ??= this.#start();
    const number = ++this.#calls;
    return new Promise<Result<N>>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker?.postMessage({ number, name, given });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    await this.call('close').catch(() => {});
    await worker.terminate();
  }

  #start(): Worker {
    // What the process was started with is for its own heap, but goes before the limits of a thread while it stands.
    for (const flag of ['--max-semi-space-size', '--max-old-space-size']) setFlagsFromString(`${flag}=0`);
    const { sessions } = this.#data.config.limits;
    const worker = new Worker(entry, {
      workerData: this.#data,
      name: 'audit-index',
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(LEAST_HEAP_MB, (sessions * SESSION_KIB) / 1_024),
        maxYoungGenerationSizeMb: YOUNG_MB,
      },
    });
    let died = 'the thread of the index has ended';
    worker.on('message', (answer: Answer) => this.#answered(answer));
    worker.on('error', (error) => {
      died = `the thread of the index has died: ${error.message}`;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(new IndexError(died, false));
      this.#waiting.clear();
    });
    // The index keeps no process alive.
    worker.unref();
    return worker;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ('error' in answer) waiting?.reject(new IndexError(answer.error, answer.damaged));
    else waiting?.resolve(answer.result as never);
  }
}
