/** The last calls before one: what it could pass on. */

/** How many calls back a result counts as something the agent can still pass on. */
export const RECENT_CALLS = 8;

export interface RecentCalls {
  readonly length: number;
  /** The i-th call, 0 for the oldest: the tool on its server, interned. */
  endpoint(i: number): string;
  /** Undefined where it is not known. */
  responseBytes(i: number): number | undefined;
  /** Adds a call; at the bound, the oldest makes room. */
  add(endpoint: string, responseBytes: number | undefined): void;
}

export interface RecentCall {
  readonly endpoint: string;
  readonly responseBytes?: number;
}

/** Those of a session that is no open one, such as a timeline. */
export class CallsBefore implements RecentCalls {
  readonly #calls: RecentCall[] = [];

  get length(): number {
    return this.#calls.length;
  }

  endpoint(i: number): string {
    return this.#calls[i]!.endpoint;
  }

  responseBytes(i: number): number | undefined {
    return this.#calls[i]!.responseBytes;
  }

  add(endpoint: string, responseBytes: number | undefined): void {
    this.#calls.push({ endpoint, ...(responseBytes === undefined ? {} : { responseBytes }) });
    if (this.#calls.length > RECENT_CALLS) this.#calls.shift();
  }
}

export const savedCalls = (calls: RecentCalls): RecentCall[] =>
  Array.from({ length: calls.length }, (_, i) => {
    const responseBytes = calls.responseBytes(i);
    return { endpoint: calls.endpoint(i), ...(responseBytes === undefined ? {} : { responseBytes }) };
  });
