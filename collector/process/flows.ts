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
import type { Counter } from '../series-values.ts';
import type { RecentCalls } from './recent-calls.ts';

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

/** From one tool to another: its series, as long as they are its own. */
interface Edge {
  transitions: Counter | undefined;
  bytes: Counter | undefined;
}

/** What flows into one tool. */
export class FlowsInto {
  readonly #instruments: Instruments;
  readonly #to: string;
  readonly #edges = new Map<string, Edge>();

  constructor(instruments: Instruments, to: string) {
    this.#instruments = instruments;
    this.#to = to;
  }

  /** Counts the transition and the flows that a session's next call makes, given the calls before it. */
  count(
    recentCalls: RecentCalls,
    { request_bytes: requestBytes = 0, response_bytes: responseBytes }: Sizes,
  ): void {
    const to = this.#to;
    const before = recentCalls.length === 0 ? START : recentCalls.endpoint(recentCalls.length - 1);
    (this.#edges.get(before)?.transitions ?? this.#find(before, 'transitions')).add();
    for (let i = recentCalls.length - 1; i >= 0 && requestBytes > 0; i--) {
      const bytes = flowOf(recentCalls, i, to, requestBytes);
      if (bytes === 0) continue;
      const from = recentCalls.endpoint(i);
      (this.#edges.get(from)?.bytes ?? this.#find(from, 'bytes')).add(bytes);
    }
    recentCalls.add(to, responseBytes);
  }

  #find(from: string, series: keyof Edge): Counter {
    const metric = series === 'bytes' ? crossToolBytes : toolTransitions;
    const labels = { from, to: this.#to };
    const found = this.#instruments.counter(metric, labels);
    if (!this.#instruments.hasOwn(metric, labels)) return found;
    const edge = this.#edges.get(from) ?? { transitions: undefined, bytes: undefined };
    edge[series] = found;
    this.#edges.set(from, edge);
    return found;
  }
}
