/** A collector as a process of its own, to be killed, and what a sender knows about it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Collector } from '../../collector/app.ts';
import type { CollectorConfig } from '../../collector/config.ts';

const main = resolve(import.meta.dirname, '../../collector/main.ts');

export class CollectorProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  ports!: Collector['ports'];
  /** All it said so far. */
  log = '';
  stderr = '';

  readonly #listening: Promise<void>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'close').then(([code]) => code);
    child.stderr!.setEncoding('utf8').on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.#listening = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        this.log += `${line}\n`;
        const { ports } = JSON.parse(line);
        if (ports === undefined) return;
        this.ports = ports;
        resolve();
      });
    });
  }

  /** Starts one. `prefix`: a shell command to run before it. */
  static begin(config: CollectorConfig, prefix = '', program = main): CollectorProcess {
    const file = join(config.dataDirectory, 'config.json');
    writeFileSync(file, JSON.stringify(config));
    const command = `${prefix} exec "$0" "$@"`;
    return new CollectorProcess(
      spawn('/bin/sh', ['-c', command, process.execPath, program, '--config', file], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Starts one and waits until it takes events or has ended. */
  static async start(...how: Parameters<typeof CollectorProcess.begin>): Promise<CollectorProcess> {
    const started = CollectorProcess.begin(...how);
    await Promise.race([started.#listening, started.#ended]);
    return started;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a signal and waits for the end; the exit code, null after a kill. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }

  async send(events: object): Promise<{ status: number; body: { accepted: number; duplicates: number } }> {
    const response = await fetch(`http://127.0.0.1:${this.ports.ingest}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
    return { status: response.status, body: (await response.json()) as never };
  }

  async operations(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.ports.operations}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Calls of each session, by the order in which the sessions began. */
  async sessions(): Promise<{ id: string; calls: number }[]> {
    const response = await fetch(`http://127.0.0.1:${this.ports.pages}/api/sessions`);
    return ((await response.json()) as { sessions: { id: string; calls: number }[] }).sessions;
  }
}
