/**
 * The series of one tool, held by it: a call finds them by a field or two instead of by the values of all labels, and
 * counts in its tool's tally, which costs 0.1 µs instead of 0.4.
 *
 * Series that are shared beyond a bound are not held but asked for each time, since that is what counts the overflow.
 */
import { type Direction, type Outcome, outcomes, UNKNOWN } from '../catalogue/labels.ts';
import { toolCallBytes, toolCallDuration, toolCalls } from '../catalogue/metrics.ts';
import type { Instruments } from '../instruments.ts';
import type { CallFacts } from './call-facts.ts';
import type { Tally } from './tally.ts';

/** No place in the tally. */
const NONE = -1;

export class ToolSeries {
  readonly #instruments: Instruments;
  readonly #tally: Tally;
  readonly #server: string;
  readonly #tool: string;
  /** The clients that called it, and for each of them in turn the places of its outcomes. */
  readonly #clients: string[] = [];
  readonly #calls: number[] = [];
  #requestBytes = NONE;
  #responseBytes = NONE;

  constructor(instruments: Instruments, tally: Tally, server: string, tool: string) {
    this.#instruments = instruments;
    this.#tally = tally;
    this.#server = server;
    this.#tool = tool;
  }

  /** Counts a call; its duration only where the tool ran to its end. */
  count(
    { client, outcome, outcomePlace, durationMs, requestBytes, responseBytes }: CallFacts,
    ran: boolean,
  ): void {
    this.#countCall(client ?? UNKNOWN, outcome, outcomePlace);
    if (ran && !Number.isNaN(durationMs)) this.#observe(durationMs / 1_000);
    if (!Number.isNaN(requestBytes)) {
      if (this.#requestBytes === NONE) this.#requestBytes = this.#findBytes('request', requestBytes);
      else this.#tally.add(this.#requestBytes, requestBytes);
    }
    if (!Number.isNaN(responseBytes)) {
      if (this.#responseBytes === NONE) this.#responseBytes = this.#findBytes('response', responseBytes);
      else this.#tally.add(this.#responseBytes, responseBytes);
    }
  }

  #countCall(client: string, outcome: Outcome, outcomePlace: number): void {
    const place = this.#calls[this.#placeOf(client) * outcomes.length + outcomePlace];
    if (place !== undefined && place !== NONE) {
      this.#tally.add(place, 1);
      return;
    }
    const labels = { server: this.#server, tool: this.#tool, client, outcome };
    const found = this.#instruments.counter(toolCalls, labels);
    found.add();
    if (!this.#instruments.hasOwn(toolCalls, labels)) return;
    let first = this.#placeOf(client) * outcomes.length;
    if (first < 0) {
      this.#clients.push(client);
      first = this.#calls.length;
      for (const _ of outcomes) this.#calls.push(NONE);
    }
    this.#calls[first + outcomePlace] = this.#tally.placeOf(found);
  }

  /** As `indexOf`, which is a call into the engine; names are interned mostly, so that they are compared by address. */
  #placeOf(client: string): number {
    const clients = this.#clients;
    for (let i = 0; i < clients.length; i++) if (clients[i] === client) return i;
    return NONE;
  }

  #observe(seconds: number): void {
    if (this.#tally.hasHistogram) {
      this.#tally.observe(seconds);
      return;
    }
    const labels = { server: this.#server, tool: this.#tool };
    const found = this.#instruments.histogram(toolCallDuration, labels);
    found.observe(seconds);
    if (this.#instruments.hasOwn(toolCallDuration, labels)) this.#tally.setHistogram(found);
  }

  /** Counts bytes in the series itself, and answers its place in the tally from now on, if it is its own. */
  #findBytes(direction: Direction, bytes: number): number {
    const labels = { server: this.#server, tool: this.#tool, direction };
    const found = this.#instruments.counter(toolCallBytes, labels);
    found.add(bytes);
    return this.#instruments.hasOwn(toolCallBytes, labels) ? this.#tally.placeOf(found) : NONE;
  }
}
