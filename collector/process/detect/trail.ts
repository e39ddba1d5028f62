/** Which calls a session made, in as few bytes as possible: what turns the call numbers of a suspicion into evidence. */
import { Blocks } from '../blocks.ts';
import { Names, NO_NAME } from '../names.ts';

/** Calls remembered of one session, the newest. */
const MAXIMUM_CALLS = 256;
/** Endpoints that are told apart at once; callers can make names up. */
const MAXIMUM_ENDPOINTS = 20_000;
/** Milliseconds since the start, and the endpoint. */
const WORDS_PER_CALL = 2;
const LARGEST_OFFSET = 2 ** 31 - 1;

/** The calls of one session, which `Trails` has. */
export interface Trail {
  readonly startedMs: number;
  /** Where they stand, and how many. */
  trailAt: number;
  trailLength: number;
  /** Number of the first one remembered. */
  trailFirst: number;
}

export interface TrailStep {
  readonly index: number;
  readonly time_ms?: number;
  readonly endpoint?: string;
}

export class Trails {
  readonly #blocks = new Blocks();
  readonly #endpoints = new Names(MAXIMUM_ENDPOINTS);

  add(trail: Trail, endpoint: string, timeMs: number): void {
    const used = trail.trailLength * WORDS_PER_CALL;
    trail.trailAt = this.#blocks.withRoom(trail.trailAt, used, WORDS_PER_CALL);
    trail.trailLength++;
    const page = this.#blocks.pageOf(trail.trailAt);
    const at = this.#blocks.indexOf(trail.trailAt) + used;
    const offsetMs = Math.round(timeMs - trail.startedMs);
    page[at] = Math.max(-LARGEST_OFFSET, Math.min(LARGEST_OFFSET, offsetMs));
    page[at + 1] = this.#endpoints.hold(endpoint);
    // Half at a time, since taking from the front moves the rest.
    if (trail.trailLength >= 2 * MAXIMUM_CALLS) this.#drop(trail, MAXIMUM_CALLS);
  }

  /** A call by its number; of one that is not remembered nothing else is known. */
  step(trail: Trail, index: number): TrailStep {
    const call = index - trail.trailFirst;
    if (call < 0 || call >= trail.trailLength) return { index };
    const page = this.#blocks.pageOf(trail.trailAt);
    const at = this.#blocks.indexOf(trail.trailAt) + call * WORDS_PER_CALL;
    // Signed again: a call may be older than the first event that came.
    const time_ms = trail.startedMs + (page[at]! | 0);
    const endpoint = page[at + 1]!;
    return { index, time_ms, ...(endpoint === NO_NAME ? {} : { endpoint: this.#endpoints.text(endpoint) }) };
  }

  /** Forgets the calls of a session that has ended. */
  release(trail: Trail): void {
    this.#releaseNames(trail, trail.trailLength);
    this.#blocks.release(trail.trailAt, trail.trailLength * WORDS_PER_CALL);
    trail.trailLength = 0;
  }

  #drop(trail: Trail, calls: number): void {
    this.#releaseNames(trail, calls);
    const used = trail.trailLength * WORDS_PER_CALL;
    trail.trailAt = this.#blocks.without(trail.trailAt, used, calls * WORDS_PER_CALL);
    trail.trailLength -= calls;
    trail.trailFirst += calls;
  }

  #releaseNames(trail: Trail, calls: number): void {
    if (calls === 0) return;
    const page = this.#blocks.pageOf(trail.trailAt);
    const at = this.#blocks.indexOf(trail.trailAt);
    for (let i = 0; i < calls; i++) this.#endpoints.release(page[at + i * WORDS_PER_CALL + 1]!);
  }
}
