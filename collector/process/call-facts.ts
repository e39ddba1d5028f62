/** What of a call counts. One object serves all calls: a new one for each would be garbage. */
import type { EventOf } from '../catalogue/events.ts';
import { type Outcome, outcomes } from '../catalogue/labels.ts';

export class CallFacts {
  server = '';
  tool = '';
  client: string | undefined = undefined;
  outcome: Outcome = 'ok';
  /** Its place among all outcomes. */
  outcomePlace = 0;
  /** Not a number where the call does not say it, as the sizes. */
  durationMs = Number.NaN;
  requestBytes = Number.NaN;
  responseBytes = Number.NaN;

  of({
    server,
    tool,
    client,
    outcome,
    duration_ms = Number.NaN,
    request_bytes = Number.NaN,
    response_bytes = Number.NaN,
  }: EventOf<'tool_call'>): this {
    this.server = server;
    this.tool = tool;
    this.client = client?.name;
    this.outcome = outcome;
    this.outcomePlace = outcomes.indexOf(outcome);
    this.durationMs = duration_ms;
    this.requestBytes = request_bytes;
    this.responseBytes = response_bytes;
    return this;
  }
}
