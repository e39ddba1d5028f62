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
import { START } from '../catalogue/labels.ts';
import { crossToolBytes, toolTransitions } from '../catalogue/metrics.ts';
import type { Instruments } from '../instruments.ts';
import type { CallsOfRow } from './calls-of-row.ts';
import { type Names, NO_NAME } from './names.ts';
import { RECENT_CALLS, type RecentCalls } from './recent-calls.ts';
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

/** No place in the tally. */
const NONE = -1;

/** What flows into one tool. Its counts wait in the tool's tally. */
export class FlowsInto {
  readonly #instruments: Instruments;
  readonly #tally: Tally;
  readonly #to: string;
  /** The tools before it, by their numbers among the names, and the places of the transitions and of the bytes from each. */
  readonly #from: number[] = [];
  readonly #transitions: number[] = [];
  readonly #bytes: number[] = [];

  constructor(instruments: Instruments, tally: Tally, to: string) {
    this.#instruments = instruments;
    this.#tally = tally;
    this.#to = to;
  }

  /**
   * Counts the transition and the flows that a session's next call makes, given the calls before it. `to` is the number of
   * this tool among the `names`; a size that is not known is not a number.
   */
  count(calls: CallsOfRow, names: Names, to: number, requestBytes: number, responseBytes: number): void {
    const { length } = calls;
    this.#add(this.#transitions, length === 0 ? NO_NAME : calls.name(length - 1), 1, names);
    if (requestBytes > 0) this.#countBytes(calls, names, to, requestBytes);
    calls.addNamed(to, responseBytes);
  }

  /** As `flowsInto`. */
  #countBytes(calls: CallsOfRow, names: Names, to: number, requestBytes: number): void {
    let tools = 0;
    for (let i = calls.length - 1; i >= 0; i--) {
      const bytes = calls.responseBytes(i);
      if (bytes === undefined) continue;
      const from = calls.name(i);
      if (isAmong(latest, tools, from)) continue;
      latest[tools++] = from;
      if (bytes > 0 && from !== to) this.#add(this.#bytes, from, Math.min(bytes, requestBytes), names);
    }
  }

  #add(places: number[], from: number, by: number, names: Names): void {
    const place = places[placeOf(this.#from, from)];
    if (place !== undefined && place !== NONE) this.#tally.add(place, by);
    else this.#find(places, from, by, names);
  }

  /** Counts in the series itself, and keeps its place in the tally if it is its own. */
  #find(places: number[], from: number, by: number, names: Names): void {
    const metric = places === this.#bytes ? crossToolBytes : toolTransitions;
    const labels = { from: from === NO_NAME ? START : names.text(from), to: this.#to };
    const found = this.#instruments.counter(metric, labels);
    found.add(by);
    if (!this.#instruments.hasOwn(metric, labels)) return;
    let known = this.#from.indexOf(from);
    if (known < 0) {
      // Held for good, so that the number stays its own: there are as many as there may be series.
      if (from !== NO_NAME) names.holdAgain(from);
      known = this.#from.push(from) - 1;
      this.#transitions.push(NONE);
      this.#bytes.push(NONE);
    }
    places[known] = this.#tally.placeOf(found);
  }
}

/** Tools whose latest call has been looked at; used over and over. */
const latest = new Uint32Array(RECENT_CALLS);

/** Whether a name is among the first ones. */
function isAmong(names: Uint32Array, count: number, name: number): boolean {
  for (let i = 0; i < count; i++) if (names[i] === name) return true;
  return false;
}

/** As `indexOf`, which is a call into the engine. */
function placeOf(numbers: readonly number[], number: number): number {
  for (let i = 0; i < numbers.length; i++) if (numbers[i] === number) return i;
  return NONE;
}
