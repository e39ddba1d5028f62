/**
 * What could have flowed from one tool to another within a session.
 *
 * For each call B with request bytes, and for each other tool A among the session's last eight calls whose response
 * size is known: the smaller of the response bytes of A's latest call and the request bytes of B. That is an upper
 * bound on what B can have passed on of A's result, and all that sizes can say; a large number on an edge from a tool
 * that reads private data to one that leaves the house is a question to ask, not an answer. Looking only at the call
 * just before would miss read, list, send. Whether the content itself was passed on is for detectors to find out, and
 * what a tool passes to itself (paging, retries) is no flow.
 *
 * Transitions count consecutive calls, a tool to itself included, and `_start` to the first.
 */
import type { EventOf } from '../catalogue/events.ts';
import { START } from '../catalogue/labels.ts';
import { crossToolBytes, toolTransitions } from '../catalogue/metrics.ts';
import type { Instruments } from '../instruments.ts';
import type { RecentCalls } from './recent-calls.ts';
import type { Tally } from './tally.ts';

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/** The flows into a call of `endpoint` that sends `requestBytes`, given the calls before it. */
export function flowsInto(endpoint: string, requestBytes: number, recentCalls: RecentCalls): Flow[] {
  const flows: Flow[] = [];
  for (let i = recentCalls.length - 1; i >= 0; i--) {
    const bytes = flowOf(recentCalls, i, endpoint, requestBytes);
    if (bytes > 0) flows.push({ from: recentCalls.endpoint(i), to: endpoint, bytes });
  }
  return flows;
}

/** How much the i-th of the calls can have given to a later one of `endpoint`. */
function flowOf(calls: RecentCalls, i: number, endpoint: string, requestBytes: number): number {
  const responseBytes = calls.responseBytes(i);
  const from = calls.endpoint(i);
  if (!responseBytes || from === endpoint) return 0;
  for (let later = i + 1; later < calls.length; later++)
    if (calls.endpoint(later) === from && calls.responseBytes(later) !== undefined) return 0;
  return Math.min(responseBytes, requestBytes);
}

type Sizes = Pick<EventOf<'tool_call'>, 'request_bytes' | 'response_bytes'>;

/** No place in the tally. */
const NONE = -1;

/** What flows into one tool. Its counts wait in the tool's tally. */
export class FlowsInto {
  readonly #instruments: Instruments;
  readonly #tally: Tally;
  readonly #to: string;
  /** The tools before it, interned, and the places of the transitions and of the bytes from each. */
  readonly #from: string[] = [];
  readonly #transitions: number[] = [];
  readonly #bytes: number[] = [];

  constructor(instruments: Instruments, tally: Tally, to: string) {
    this.#instruments = instruments;
    this.#tally = tally;
    this.#to = to;
  }

  /** Counts the transition and the flows that a session's next call makes, given the calls before it. */
  count(
    recentCalls: RecentCalls,
    { request_bytes: requestBytes = 0, response_bytes: responseBytes }: Sizes,
  ): void {
    const { length } = recentCalls;
    this.#add(this.#transitions, length === 0 ? START : recentCalls.endpoint(length - 1), 1);
    if (requestBytes > 0) this.#countBytes(recentCalls, requestBytes);
    recentCalls.add(this.#to, responseBytes);
  }

  /** As `flowsInto`. */
  #countBytes(recentCalls: RecentCalls, requestBytes: number): void {
    let tools = 0;
    for (let i = recentCalls.length - 1; i >= 0; i--) {
      const bytes = recentCalls.responseBytes(i);
      if (bytes === undefined) continue;
      const from = recentCalls.endpoint(i);
      if (isAmong(latest, tools, from)) continue;
      latest[tools++] = from;
      if (bytes > 0 && from !== this.#to) this.#add(this.#bytes, from, Math.min(bytes, requestBytes));
    }
  }

  #add(places: number[], from: string, by: number): void {
    const place = places[this.#from.indexOf(from)];
    if (place !== undefined && place !== NONE) this.#tally.add(place, by);
    else this.#find(places, from, by);
  }

  /** Counts in the series itself, and keeps its place in the tally if it is its own. */
  #find(places: number[], from: string, by: number): void {
    const metric = places === this.#bytes ? crossToolBytes : toolTransitions;
    const labels = { from, to: this.#to };
    const found = this.#instruments.counter(metric, labels);
    found.add(by);
    if (!this.#instruments.hasOwn(metric, labels)) return;
    let known = this.#from.indexOf(from);
    if (known < 0) {
      known = this.#from.push(from) - 1;
      this.#transitions.push(NONE);
      this.#bytes.push(NONE);
    }
    places[known] = this.#tally.placeOf(found);
  }
}

/** Tools whose latest call has been looked at; used over and over. */
const latest: string[] = [];

/** Whether a text is among the first ones; all are interned, so that they are compared by address. */
function isAmong(texts: readonly string[], count: number, text: string): boolean {
  for (let i = 0; i < count; i++) if (texts[i] === text) return true;
  return false;
}
