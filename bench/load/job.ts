/** What the load is told, and what it found. */
import type { Shape } from '../payload/bodies.ts';

export interface Job {
  readonly port: number;
  readonly shape: Shape;
  readonly requests: number;
  readonly connections: number;
  /** Makes the ids of this job unlike those of any other. */
  readonly run: number;
  /** Every answer has to be a success that contains this. */
  readonly expect: string;
  /** Without it, each connection sends as soon as it has its answer. */
  readonly requestsPerSecond?: number;
}

export interface Outcome {
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
