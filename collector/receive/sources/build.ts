/** Puts together the contract's events out of what was read, within the bounds of their schema. */
import {
  type EventOf,
  ID_LENGTH,
  type McpEvent,
  NAME_LENGTH,
  type Perspective,
  TEXT_LENGTH,
} from '../../catalogue/events.ts';
import { formatTime } from '../times.ts';
import { payloadOf } from './read.ts';
import type { RecordReader } from './record-reader.ts';
import type { SessionRef } from './session.ts';
import type { Meaning, Reading, Verdict } from './source.ts';

export const LONGEST_DURATION_MS = 604_800_000;

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
  const facts: Facts = { time: formatTime(reading.timeMs), server: clip(server) };
  if (clientName) {
    facts.client = { name: clip(clientName) };
    if (clientVersion) facts.client.version = clip(clientVersion);
  }
  if (user) facts.user = clip(user);
  if (session) facts.session = { id: clip(session.id, ID_LENGTH), origin: session.origin };
  if (traceId) facts.trace_id = traceId;
  if (address) facts.source = clip(address);
  if (environment) facts.environment = clip(environment);
  return facts;
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
  const call: EventOf<'tool_call'> = {
    kind: 'tool_call',
    id,
    ...facts,
    tool: clip(reading.tool ?? ''),
    outcome,
    fault,
  };
  if (perspective !== 'server') call.perspective = perspective;
  if (code !== undefined) call.code = code;
  if (durationMs !== undefined && durationMs >= 0 && durationMs <= LONGEST_DURATION_MS) {
    call.duration_ms = durationMs;
  }
  if (errorMessage) call.error_message = clip(errorMessage, TEXT_LENGTH);
  const [sent, returned] = [
    payloadOf(reader.raw('arguments'), jsonDepth),
    payloadOf(reader.raw('result'), jsonDepth),
  ];
  if (sent !== undefined) call.arguments = sent;
  if (returned !== undefined) call.result = returned;
  const [requestBytes, responseBytes] = [reader.bytes('requestBytes'), reader.bytes('responseBytes')];
  if (requestBytes !== undefined) call.request_bytes = requestBytes;
  if (responseBytes !== undefined) call.response_bytes = responseBytes;
  return call;
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
