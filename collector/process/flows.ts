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
import type { RecentCall } from './session.ts';

/** How many calls back a result counts as something the agent can still pass on. */
const RECENT_CALLS = 8;

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/** The flows into a call of `endpoint` that sends `requestBytes`, given the calls before it, oldest first. */
export function flowsInto(
  endpoint: string,
  requestBytes: number,
  recentCalls: readonly RecentCall[],
): Flow[] {
  const flows: Flow[] = [];
  if (requestBytes === 0) return flows;
  const seen = [endpoint];
  for (let i = recentCalls.length - 1; i >= 0; i--) {
    const { endpoint: from, responseBytes } = recentCalls[i] as RecentCall;
    if (responseBytes === undefined || seen.includes(from)) continue;
    seen.push(from);
    if (responseBytes > 0) flows.push({ from, to: endpoint, bytes: Math.min(responseBytes, requestBytes) });
  }
  return flows;
}

/** Adds a call to a session's recent ones. */
export function rememberCall(recentCalls: RecentCall[], endpoint: string, responseBytes?: number): void {
  recentCalls.push(responseBytes === undefined ? { endpoint } : { endpoint, responseBytes });
  if (recentCalls.length > RECENT_CALLS) recentCalls.shift();
}

/** Counts the transition and the flows that a session's next call makes, given the calls before it. */
export function countFlows(
  instruments: Instruments,
  recentCalls: RecentCall[],
  endpoint: string,
  call: { readonly request_bytes?: number; readonly response_bytes?: number },
): void {
  instruments.inc(toolTransitions, { from: recentCalls.at(-1)?.endpoint ?? START, to: endpoint });
  for (const { from, to, bytes } of flowsInto(endpoint, call.request_bytes ?? 0, recentCalls)) {
    instruments.inc(crossToolBytes, { from, to }, bytes);
  }
  rememberCall(recentCalls, endpoint, call.response_bytes);
}
