/**
 * The event that everything is measured with: a tool call with all that the wrapper knows, 623 bytes of JSON on average.
 *
 * 2,000 sessions, each with one of 20 servers and 8 clients and at five of its server's ten tools; four calls a trace.
 */
import type { EventOf } from '../../collector/catalogue/events.ts';
import { type Random, random } from '../../run/replay/random.ts';

export type ToolCall = EventOf<'tool_call'>;

const SESSIONS = 2_000;
export const SERVERS = 20;
const CLIENTS = 8;
const TOOLS_OF_A_SESSION = 5;
export const CALLS_OF_A_TRACE = 4;
const SEED = 20_261_121;

const digits = (value: number, length: number) => value.toString(16).padStart(length, '0');

/** 16 hex digits. */
export const hexOf = (number: number) => digits(number, 16);

export interface Ids {
  /** 16 hex digits that make the call unique, and 16 that its trace has. */
  readonly id: string;
  readonly trace: string;
}

/** An endless run of calls, the same each time: to all servers, or to the one of this number. */
export function toolCalls(
  timeMs: number,
  idsOf: (n: number) => Ids,
  server?: number,
): (n: number) => ToolCall {
  const chance = random(SEED, `bench ${server}`);
  const sessionOfServer = () =>
    server === undefined
      ? Math.floor(chance.between(0, SESSIONS))
      : server + SERVERS * Math.floor(chance.between(0, SESSIONS / SERVERS));
  return (n) => toolCall(chance, sessionOfServer(), timeMs, idsOf(n));
}

/** The id of the n-th of many calls, for those that are not patched later. */
export const numbered = (n: number): Ids => ({
  id: hexOf(n),
  trace: hexOf(Math.floor(n / CALLS_OF_A_TRACE)),
});

function toolCall(chance: Random, session: number, timeMs: number, { id, trace }: Ids): ToolCall {
  const tool = (session % 2) * TOOLS_OF_A_SESSION + Math.floor(chance.between(0, TOOLS_OF_A_SESSION));
  const failed = chance.fraction();
  const outcome = failed < 0.9 ? 'ok' : failed < 0.98 ? 'tool_error' : 'denied';
  return {
    kind: 'tool_call',
    id: `01935f2a-7c4e-7b1d-${id}`,
    time: new Date(timeMs).toISOString(),
    server: `documents-${session % SERVERS}.tools.example`,
    tool: `documents_search_in_folder_${tool}`,
    client: { name: `desktop-assistant-${session % CLIENTS}`, version: '1.14.2' },
    user: `https://login.example/tenants/4e1f0-northwind-traders/users/${digits(session, 8)}`,
    session: {
      id: `7d9f2c1e-55aa-4c1b-9d3f-${digits(session, 12)}`,
      type: 'interactive',
      origin: 'transport',
    },
    trace_id: `4bf92f3577b34da6${trace}`,
    source: `10.12.34.${session % 250}`,
    environment: 'production',
    outcome,
    fault: outcome === 'ok' ? 'none' : outcome === 'denied' ? 'caller' : 'tool',
    perspective: 'server',
    duration_ms: Math.round(chance.between(1, 900) * 1_000) / 1_000,
    request_bytes: Math.floor(chance.between(50, 5_000)),
    response_bytes: Math.floor(chance.between(50, 50_000)),
  };
}
