/** A session's last calls: what a later call could pass on. Kept in one array, which takes a fifth of as many objects. */
import { interned } from './interned.ts';

/** How many calls back a result counts as something the agent can still pass on. */
const RECENT_CALLS = 8;

export interface RecentCall {
  readonly endpoint: string;
  readonly responseBytes?: number;
}

export class RecentCalls {
  /** Endpoint and response bytes in turn. */
  readonly #parts: (string | number | undefined)[] = [];
  /** Place of the oldest call. */
  #oldest = 0;
  length = 0;

  constructor(calls: readonly RecentCall[] = []) {
    for (const { endpoint, responseBytes } of calls) this.add(interned(endpoint), responseBytes);
  }

  /** The i-th call, 0 for the oldest: the tool on its server, interned. */
  endpoint(i: number): string {
    return this.#parts[((this.#oldest + i) % RECENT_CALLS) * 2] as string;
  }

  /** Undefined where it is not known. */
  responseBytes(i: number): number | undefined {
    return this.#parts[((this.#oldest + i) % RECENT_CALLS) * 2 + 1] as number | undefined;
  }

  /** Adds a call; at the bound, the oldest makes room. `endpoint` is interned. */
  add(endpoint: string, responseBytes: number | undefined): void {
    const at = ((this.#oldest + this.length) % RECENT_CALLS) * 2;
    this.#parts[at] = endpoint;
    this.#parts[at + 1] = responseBytes;
    if (this.length < RECENT_CALLS) this.length++;
    else this.#oldest = (this.#oldest + 1) % RECENT_CALLS;
  }

  saved(): RecentCall[] {
    return Array.from({ length: this.length }, (_, i) => {
      const responseBytes = this.responseBytes(i);
      return { endpoint: this.endpoint(i), ...(responseBytes === undefined ? {} : { responseBytes }) };
    });
  }
}
