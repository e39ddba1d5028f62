/**
 * What a call does that was read from bytes and is its server's own view, which nearly every event is. Its setting holds what
 * has been looked up by it, the open session and the tools of the server, so little is looked up by name; and no object is
 * made of it unless a detector wants one. It does the same as `toolCall`.
 */
import { type CallColumns, NUMBER_AT, TEXT_AT } from '../receive/calls/call-columns.ts';
import { CallFacts } from './call-facts.ts';
import { SHOWS } from './capabilities.ts';
import type { OpenSession } from './open-session.ts';
import type { Parts } from './parts.ts';
import type { AcceptedEvent } from './pipeline.ts';
import { countCall } from './tool-calls.ts';

/** Where a call comes from. */
export type Source = Pick<AcceptedEvent, 'receivedMs' | 'sourceKind' | 'position'>;

const facts = new CallFacts();

export function readCall(calls: CallColumns, row: number, from: Source, parts: Parts): void {
  const { capabilities, knownTools, views, detection } = parts;
  const setting = calls.settings[row]!;
  fillFacts(calls, row);
  if (!capabilities.haveShown(from.sourceKind, setting.shows | shownBy(facts)))
    capabilities.observe(from.sourceKind, calls.event(row));
  const session = sessionOf(calls, row, from, parts);
  setting.tools ??= knownTools.of(facts.server);
  const tool = setting.tools?.get(facts.tool) ?? knownTools.called(facts);
  const traceFrom = calls.from(row, TEXT_AT.trace);
  const traceTo = calls.to(row, TEXT_AT.trace);
  views.readServer(tool, from.receivedMs, facts, calls.bytes, traceFrom, traceTo);
  countCall(facts, tool, session, parts);
  if (session === undefined || !detection.enabled) return;
  detection.toolCall(calls.event(row), calls.number(row, NUMBER_AT.timeMs), session);
}

/** The session that the setting holds; else it is looked for by its id, and held. */
function sessionOf(
  calls: CallColumns,
  row: number,
  { receivedMs, position }: Source,
  { sessions }: Parts,
): OpenSession | undefined {
  const setting = calls.settings[row]!;
  const timeMs = calls.number(row, NUMBER_AT.timeMs);
  const held = sessions.touchHeld(setting, timeMs, receivedMs, position);
  if (held !== undefined || setting.session === undefined) return held;
  const session = sessions.touch({ event: calls.event(row), timeMs, receivedMs, position });
  if (session === undefined) return undefined;
  setting.sessionRow = session.row;
  setting.sessionGeneration = session.generation;
  return session;
}

function fillFacts(calls: CallColumns, row: number): void {
  const { outcome, outcomePlace } = calls.shapes[row]!;
  const { server, client } = calls.settings[row]!;
  facts.server = server;
  facts.tool = calls.tools[row]!;
  facts.client = client?.name;
  facts.outcome = outcome;
  facts.outcomePlace = outcomePlace;
  facts.durationMs = calls.number(row, NUMBER_AT.durationMs);
  facts.requestBytes = calls.number(row, NUMBER_AT.requestBytes);
  facts.responseBytes = calls.number(row, NUMBER_AT.responseBytes);
}

const shownBy = ({ outcome, requestBytes, responseBytes }: CallFacts): number =>
  SHOWS.calls |
  (outcome === 'tool_error' ? SHOWS.toolErrors : 0) |
  (Number.isNaN(requestBytes) && Number.isNaN(responseBytes) ? 0 : SHOWS.bytes);
