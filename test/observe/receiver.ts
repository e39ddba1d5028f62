/**
 * Stands for the collector where a test needs what a real one never does: to be slow, to lie, or to show the very
 * bytes it got. Every event it takes is checked against the catalogue's schema.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Compile } from 'typebox/compile';
import {
  type EventKind,
  type EventOf,
  eventSchemas,
  type McpEvent,
} from '../../collector/catalogue/events.ts';
import type { LookoutEvent } from '../../observe/src/events.ts';

const checks = new Map<
  string,
  { Check: (value: unknown) => boolean; Errors: (value: unknown) => Iterable<unknown> }
>(Object.entries(eventSchemas).map(([kind, schema]) => [kind, Compile(schema)]));

type Sent<K extends EventKind> = Extract<LookoutEvent, { kind: K }>;
/** What the package's own types let it send, the catalogue's types must let in. */
const _sendable = {
  tool_call: (event: Sent<'tool_call'>): EventOf<'tool_call'> => event,
  auth_failure: (event: Sent<'auth_failure'>): EventOf<'auth_failure'> => event,
  policy_decision: (event: Sent<'policy_decision'>): EventOf<'policy_decision'> => event,
  session_end: (event: Sent<'session_end'>): EventOf<'session_end'> => event,
};

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly events: McpEvent[];
  /** Headers of each batch, in order. */
  readonly requests: IncomingHttpHeaders[];
  of<K extends EventKind>(kind: K): EventOf<K>[];
  /** Waits until there are so many events of a kind. Fails after some seconds, showing what came. */
  until<K extends EventKind>(kind: K, count: number): Promise<EventOf<K>[]>;
}

/** Answers a batch; returns whether the default answer (202, all accepted) is still to be given. */
export type Behaviour = (response: ServerResponse, batch: McpEvent[], attempt: number) => boolean;

export async function startReceiver(behaviour: Behaviour = () => true): Promise<Receiver> {
  const events: McpEvent[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const invalid: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const batch = Buffer.concat(chunks)
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as McpEvent);
      for (const event of batch) {
        const check = checks.get(event.kind);
        if (check?.Check(event) !== true) {
          invalid.push(`${JSON.stringify(event)}: ${JSON.stringify([...(check?.Errors(event) ?? [])])}`);
        }
      }
      requests.push(request.headers);
      if (!behaviour(response, batch, requests.length)) return;
      events.push(...batch);
      response.writeHead(202, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ accepted: batch.length, duplicates: 0, rejected: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const of = <K extends EventKind>(kind: K) => {
    if (invalid.length > 0) throw new Error(`not an event of the catalogue: ${invalid.join('\n')}`);
    return events.filter((event): event is EventOf<K> & McpEvent => event.kind === kind) as EventOf<K>[];
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    requests,
    of,
    until: async (kind, count) => {
      const deadline = Date.now() + 8_000;
      while (of(kind).length < count) {
        if (Date.now() > deadline)
          throw new Error(`${count} ${kind} expected, got ${JSON.stringify(events, null, 1)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return of(kind);
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What a call counts as: its tool, outcome, fault and code. */
export const summary = (call: EventOf<'tool_call'>) =>
  [call.tool, call.outcome, call.fault, call.code].filter((part) => part !== undefined).join(' ');

/** How often each thing happened. */
export function tally(items: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of [...items].sort()) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}
