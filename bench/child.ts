/** A process of the bench: a server, the load or a measurement that wants a heap of its own. It answers one message at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { collectorEnvironment } from '../stack/node-flags.ts';

/** What a process has used since it started. */
export interface Usage {
  /** Of all its threads, as it accounts for it itself. */
  readonly cpuUs: number;
  readonly rssBytes: number;
  /** The most it ever had. */
  readonly peakRssBytes: number;
  /** Since it was asked last, once it was asked to watch. */
  readonly watched?: Watched | undefined;
}

/** What made a server's senders wait, in milliseconds: 99 of 100 within, and the longest. */
export interface Watched {
  /** For how long its event loop stood still. */
  readonly loopMs: { readonly p99: number; readonly max: number };
  /** How long a write took to be on disk, its way back to the event loop included. */
  readonly syncMs: { readonly p99: number; readonly max: number };
}

/** Children that run: whatever ends this process ends them too. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export class Child {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #log = '';

  /** `file` is a module of Node's; `flags` are Node's own. */
  constructor(file: string, args: readonly string[] = [], flags: readonly string[] = []) {
    this.#child = fork(file, args, {
      execArgv: [...flags],
      // As the pod has it.
      env: { ...process.env, ...collectorEnvironment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.add(this.#child);
    this.#ended = once(this.#child, 'exit').finally(() => children.delete(this.#child));
    this.#child.stderr!.setEncoding('utf8').on('data', (chunk) => {
      this.#log = (this.#log + chunk).slice(-2_000);
    });
  }

  /** A server that can be asked for its usage, whatever its code is. */
  static server(file: string, args: readonly string[] = [], flags: readonly string[] = []): Child {
    return new Child(file, args, [...flags, '--import', join(import.meta.dirname, 'usage.ts')]);
  }

  /** The port it says that it listens on, in a line of JSON on standard output. */
  async ports(): Promise<Readonly<Record<string, number>>> {
    for await (const line of createInterface({ input: this.#child.stdout! })) {
      const { ports } = JSON.parse(line);
      if (ports === undefined) continue;
      // What it still says is read, or the pipe would fill up and stop it.
      this.#child.stdout!.resume();
      return ports;
    }
    throw new Error(`a process of the bench ended before it listened: ${this.#log}`);
  }

  async ask<T>(message: object): Promise<T> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    const first = await Promise.race([answer, this.#ended.then(() => undefined)]);
    if (first === undefined) throw new Error(`a process of the bench ended: ${this.#log}`);
    const { error, value } = first[0];
    if (error !== undefined) throw new Error(error);
    return value;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  usage(): Promise<Usage> {
    return this.ask({});
  }

  /** From now on its usage says what made its senders wait. */
  async watch(): Promise<void> {
    await this.ask({ watch: true });
  }

  /** Settles when it has ended. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}

/** The child's side: answers each message with what `answer` returns, or with why it failed. */
export function answerMessages<M>(answer: (message: M) => Promise<unknown> | unknown): void {
  process.on('message', async (message: M) => {
    try {
      process.send!({ value: await answer(message) });
    } catch (error) {
      process.send!({ error: (error as Error).stack });
    }
  });
  // However the bench ended, nothing of it goes on.
  process.on('disconnect', () => process.exit(1));
}
