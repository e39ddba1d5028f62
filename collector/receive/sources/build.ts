/** Puts together the contract's events out of what was read, within the bounds of their schema. */
import {
  type EventOf,
  ID_LENGTH,
  type McpEvent,
  NAME_LENGTH,
  type Perspective,
  TEXT_LENGTH,
} from '../../catalogue/events.ts';
import { payloadOf, type RecordReader } from './read.ts';
import type { SessionRef } from './session.ts';
import type { Meaning, Reading, Verdict } from './source.ts';

const LONGEST_DURATION_MS = 604_800_000;

/** Who called whom, where. */
export interface Naming {
  readonly server: string;
  readonly clientName: string | undefined;
  readonly environment: string | undefined;
}

/** The fields that all events have in common, but for `id` and `kind`. */
export type Facts = Omit<EventOf<'session_start'>, 'id' | 'kind'>;

const clip = (text: string, length = NAME_LENGTH) => (text.length > length ? text.slice(0, length) : text);

export function factsOf(
  reading: Reading,
  { server, clientName, environment }: Naming,
  session: SessionRef | undefined,
  traceId: string | undefined,
): Facts {
  const { clientVersion, user, address } = reading;
  return {
    time: new Date(reading.timeMs).toISOString(),
    server: clip(server),
    ...(clientName && {
      client: { name: clip(clientName), ...(clientVersion && { version: clip(clientVersion) }) },
    }),
    ...(user && { user: clip(user) }),
    ...(session && { session: { id: clip(session.id, ID_LENGTH), origin: session.origin } }),
    ...(traceId && { trace_id: traceId }),
    ...(address && { source: clip(address) }),
    ...(environment && { environment: clip(environment) }),
  };
}

/** The call itself. The error's text is what a tool or a server wrote, so it goes where results go and nowhere else. */
export function callEvent(
  id: string,
  facts: Facts,
  perspective: Perspective,
  { outcome, fault }: Meaning,
  reader: RecordReader,
  reading: Reading,
  jsonDepth: number,
): EventOf<'tool_call'> {
  const { code, durationMs, errorMessage } = reading;
  const payload = {
    arguments: payloadOf(reader.raw('arguments'), jsonDepth),
    result: payloadOf(reader.raw('result'), jsonDepth),
    request_bytes: reader.bytes('requestBytes'),
    response_bytes: reader.bytes('responseBytes'),
  };
  const timed = durationMs !== undefined && durationMs >= 0 && durationMs <= LONGEST_DURATION_MS;
  return {
    kind: 'tool_call',
    id,
    ...facts,
    tool: clip(reading.tool ?? ''),
    outcome,
    fault,
    ...(perspective !== 'server' && { perspective }),
    ...(code !== undefined && { code }),
    ...(timed && { duration_ms: durationMs }),
    ...(errorMessage && { error_message: clip(errorMessage, TEXT_LENGTH) }),
    ...Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined)),
  };
}

export function verdictEvent(id: string, facts: Facts, tool: string, verdict: Verdict): McpEvent {
  switch (verdict.kind) {
    case 'policy': {
      const { decision, policy, reason } = verdict;
      return {
        kind: 'policy_decision',
        id,
        ...facts,
        tool: clip(tool),
        decision,
        ...(policy && { policy: clip(policy) }),
        ...(reason && { reason: clip(reason, TEXT_LENGTH) }),
      };
    }
    case 'block': {
      const { rule, direction } = verdict;
      return {
        kind: 'dlp_block',
        id,
        ...facts,
        tool: clip(tool),
        rule: clip(rule),
        ...(direction && { direction }),
      };
    }
    case 'auth':
      // Without an address, the failures of one server count as of one source: rather too many together than none.
      return {
        kind: 'auth_failure',
        id,
        ...facts,
        source: facts.source ?? clip(`unknown@${facts.server}`),
        reason: verdict.reason,
      };
  }
}
