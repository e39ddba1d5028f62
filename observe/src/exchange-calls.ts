/**
 * Calls in flight on stateless legacy HTTP, where a cancellation arrives on an exchange of its own and says only the
 * request's number, which every client counts from 0.
 */
import type { RequestKey } from './json-rpc.ts';

/** Told why, and that it was not cancelled on its own exchange. */
export type Cancel = (reason: unknown) => void;

export class ExchangeCalls {
  readonly #waiting = new Map<string, Set<Cancel>>();

  add(caller: string, request: RequestKey, cancel: Cancel): void {
    const key = `${request} ${caller}`;
    const same = this.#waiting.get(key);
    if (same === undefined) this.#waiting.set(key, new Set([cancel]));
    else same.add(cancel);
  }

  delete(caller: string, request: RequestKey, cancel: Cancel): void {
    const key = `${request} ${caller}`;
    const same = this.#waiting.get(key);
    if (same?.delete(cancel) && same.size === 0) this.#waiting.delete(key);
  }

  /** Cancels the one call this can be about; does nothing when there is none, or more than one. */
  cancel(caller: string, request: RequestKey, reason: unknown): void {
    const same = this.#waiting.get(`${request} ${caller}`);
    if (same?.size !== 1) return;
    for (const cancel of same) cancel(reason);
  }
}
