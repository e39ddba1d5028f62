/**
 * The series of one tool, held by it: a call finds them by a field or two instead of by the values of all labels, and
 * counting it costs 0.1 µs instead of 0.4.
 *
 * Series that are shared beyond a bound are not held but asked for each time, since that is what counts the overflow.
 */
import type { EventOf } from '../catalogue/events.ts';
import { type Direction, type Outcome, UNKNOWN } from '../catalogue/labels.ts';
import { toolCallBytes, toolCallDuration, toolCalls } from '../catalogue/metrics.ts';
import type { Instruments } from '../instruments.ts';
import type { Counter, Histogram } from '../series-values.ts';

export class ToolSeries {
  readonly #instruments: Instruments;
  readonly #server: string;
  readonly #tool: string;
  /** By client and outcome. */
  readonly #calls = new Map<string, Map<Outcome, Counter>>();
  #duration: Histogram | undefined;
  #requestBytes: Counter | undefined;
  #responseBytes: Counter | undefined;

  constructor(instruments: Instruments, server: string, tool: string) {
    this.#instruments = instruments;
    this.#server = server;
    this.#tool = tool;
  }

  /** Counts a call; its duration only where the tool ran to its end. */
  count(
    { client, outcome, duration_ms, request_bytes, response_bytes }: EventOf<'tool_call'>,
    ran: boolean,
  ): void {
    const clientName = client === undefined ? UNKNOWN : client.name;
    const calls = this.#calls.get(clientName)?.get(outcome) ?? this.#findCalls(clientName, outcome);
    calls.add();
    if (ran && duration_ms !== undefined) {
      (this.#duration ?? this.#findDuration()).observe(duration_ms / 1_000);
    }
    if (request_bytes !== undefined) {
      (this.#requestBytes ?? this.#findBytes('request')).add(request_bytes);
    }
    if (response_bytes !== undefined) {
      (this.#responseBytes ?? this.#findBytes('response')).add(response_bytes);
    }
  }

  #findCalls(client: string, outcome: Outcome): Counter {
    const labels = { server: this.#server, tool: this.#tool, client, outcome };
    const found = this.#instruments.counter(toolCalls, labels);
    if (!this.#instruments.hasOwn(toolCalls, labels)) return found;
    const ofClient = this.#calls.get(client) ?? new Map<Outcome, Counter>();
    this.#calls.set(client, ofClient.set(outcome, found));
    return found;
  }

  #findDuration(): Histogram {
    const labels = { server: this.#server, tool: this.#tool };
    const found = this.#instruments.histogram(toolCallDuration, labels);
    if (this.#instruments.hasOwn(toolCallDuration, labels)) this.#duration = found;
    return found;
  }

  #findBytes(direction: Direction): Counter {
    const labels = { server: this.#server, tool: this.#tool, direction };
    const found = this.#instruments.counter(toolCallBytes, labels);
    if (!this.#instruments.hasOwn(toolCallBytes, labels)) return found;
    if (direction === 'request') this.#requestBytes = found;
    else this.#responseBytes = found;
    return found;
  }
}
