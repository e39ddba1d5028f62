/**
 * Which process an event belongs to, when several share the work: always the same one, whichever of them takes it in.
 *
 * The events of a session, of a trace without a session, and the repetitions of an event meet in one process, so what
 * that process says about them is as exact as if it were alone. A burst is counted where all its events meet: those of
 * one source by what the source hashes to, those that are told apart by nothing in the first process.
 */
import type { McpEvent } from '../catalogue/events.ts';
import { normalizeSourceAddress } from '../process/source-address.ts';

const FIRST = 0;

/** A kind of source that no sender can have: copies of events, for the burst windows of another process alone. */
export const WINDOW_COPY = '_window';

/** FNV-1a over UTF-16 units, with its bits mixed once more: only the lowest decide. */
export function hashOf(text: string): number {
  let hash = HASH_START;
  for (let i = 0; i < text.length; i++) hash = hashOfNext(hash, text.charCodeAt(i));
  return mixedHash(hash);
}
export const HASH_START = 0x811c9dc5;
export const hashOfNext = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);
export function mixedHash(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The process that takes an event whose session id is still as it was sent. */
export function ownerOf(event: McpEvent, processes: number): number {
  const { session, trace_id: trace, id, server } = event;
  // What a server offers is compared with what it offered before, in whichever session.
  if (event.kind === 'tool_list') return hashOf(server) % processes;
  if (session !== undefined) return ownerOfSession(hashOf(session.id), processes);
  return windowOwnerOf(event, processes) ?? hashOf(trace ?? id) % processes;
}

/** The process that takes the tool calls of a session, by the hash of its id. */
export const ownerOfSession = (hash: number, processes: number): number => hash % processes;

/** The process that counts an event in burst windows; undefined for kinds that are in none. */
export function windowOwnerOf(event: McpEvent, processes: number): number | undefined {
  if (event.kind === 'dlp_block') return ownerOfWindow('', processes);
  if (event.kind === 'auth_failure') return ownerOfWindow(normalizeSourceAddress(event.source), processes);
  return undefined;
}

/** The process that has the burst windows of a key, which is empty where bursts are told apart by nothing. */
export const ownerOfWindow = (key: string, processes: number): number =>
  key === '' ? FIRST : hashOf(key) % processes;
