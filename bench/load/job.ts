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

/** Milliseconds within which half and 99 of 100 lie, and the longest. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Outcome {
  readonly seconds: number;
  /** From a request to its answer. */
  readonly latencyMs: Times;
  /** By how much the load itself was late with requests that were due. */
  readonly latenessMs: Times;
}
