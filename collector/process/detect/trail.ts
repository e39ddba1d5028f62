/** Which calls a session made, in as few bytes as possible: what turns the call numbers of a suspicion into evidence. */

/** Calls remembered of one session, the newest. */
const MAXIMUM_CALLS = 256;
/** Endpoints with a number; callers can make names up, so those beyond are not told apart. */
const MAXIMUM_ENDPOINTS = 20_000;

/** Numbers for endpoints, shared by all trails. */
export class EndpointNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  of(endpoint: string): number {
    const known = this.#numbers.get(endpoint);
    if (known !== undefined) return known;
    if (this.#names.length >= MAXIMUM_ENDPOINTS) return -1;
    this.#names.push(endpoint);
    this.#numbers.set(endpoint, this.#names.length - 1);
    return this.#names.length - 1;
  }

  name(number: number): string | undefined {
    return this.#names[number];
  }
}

export interface TrailStep {
  readonly index: number;
  readonly time_ms?: number;
  readonly endpoint?: string;
}

export class Trail {
  readonly #endpoints: EndpointNumbers;
  /** Number of the first call remembered. */
  #first: number;
  readonly #startedMs: number;
  /** Milliseconds since the start and endpoint of each call, in turn. */
  readonly #steps: number[] = [];

  constructor(endpoints: EndpointNumbers, firstCall: number, startedMs: number) {
    this.#endpoints = endpoints;
    this.#first = firstCall;
    this.#startedMs = startedMs;
  }

  add(endpoint: string, timeMs: number): void {
    this.#steps.push(Math.round(timeMs - this.#startedMs), this.#endpoints.of(endpoint));
    if (this.#steps.length <= 4 * MAXIMUM_CALLS) return;
    // Half at a time, since taking from the front moves the rest.
    this.#steps.splice(0, 2 * MAXIMUM_CALLS);
    this.#first += MAXIMUM_CALLS;
  }

  /** A call by its number; of one that is not remembered nothing else is known. */
  step(index: number): TrailStep {
    const at = 2 * (index - this.#first);
    const offsetMs = this.#steps[at];
    if (at < 0 || offsetMs === undefined) return { index };
    const endpoint = this.#endpoints.name(this.#steps[at + 1] as number);
    return { index, time_ms: this.#startedMs + offsetMs, ...(endpoint === undefined ? {} : { endpoint }) };
  }
}
