/** The load as the subjects use it, and what it costs a server. */
import { join } from 'node:path';
import { Child, type Usage, type Watched } from '../child.ts';
import type { Shape } from '../payload/bodies.ts';
import type { Job, Outcome } from './job.ts';

export const CONNECTIONS = 32;

export interface Target {
  readonly child: { readonly usage: () => Promise<Usage> };
  readonly port: number;
  /** What its answer to this many events contains. */
  readonly expect: (shape: Shape) => string;
}

export interface Cost extends Outcome {
  /** CPU of the server. */
  readonly cpuUsPerEvent: number;
  readonly eventsPerSecond: number;
  readonly watched?: Watched | undefined;
}

let runs = 0;

export class Load {
  readonly #child = new Child(join(import.meta.dirname, 'generator.ts'));

  async send(target: Target, shape: Shape, requests: number, more: Partial<Job> = {}): Promise<Cost> {
    const { child, port } = target;
    const job: Job = {
      port,
      shape,
      requests,
      connections: Math.min(CONNECTIONS, requests),
      run: ++runs,
      expect: target.expect(shape),
      ...more,
    };
    const before = await child.usage();
    const outcome = await this.#child.ask<Outcome>(job);
    const after = await child.usage();
    const events = requests * shape.eventsPerRequest;
    return {
      ...outcome,
      cpuUsPerEvent: (after.cpuUs - before.cpuUs) / events,
      eventsPerSecond: events / outcome.seconds,
      watched: after.watched,
    };
  }

  end(): Promise<void> {
    return this.#child.end();
  }
}
