/**
 * Takes a body apart when several processes share the work: what belongs to another process stays as it was sent, and only
 * this one's own events are parsed. What is no tool call of a known session is parsed, to see whose it is.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CollectorLimits } from '../config.ts';
import { CLOSE_BRACKET, COMMA, isSpace } from '../receive/json-bytes.ts';
import { type EventVisitor, type Quickly, SLICE_BYTES, visitText } from '../receive/json-events.ts';
import { EventScan } from './event-scan.ts';

const scan = new EventScan();

/** Takes events, some by their bytes. */
export interface Divider extends EventVisitor {
  /** Whether the calls of a session belong to another process, by the hash of its id; false where that is unknown. */
  isOthers(sessionHash: number): boolean;
  /** Takes such a call, to send it on. */
  passOn(sessionHash: number, body: Buffer, from: number, to: number): void;
}

/** Where each event begins and ends, and the hash of its session's id. */
interface Places {
  readonly from: number[];
  readonly to: number[];
  readonly sessionHash: number[];
}

export class Division {
  readonly #limits: CollectorLimits;
  readonly #divider: Divider;
  readonly #quickly: Quickly;

  constructor(limits: CollectorLimits, divider: Divider, quickly: Quickly) {
    this.#limits = limits;
    this.#divider = divider;
    this.#quickly = quickly;
  }

  /** Takes the event of a line if it belongs to another process; false when it does not, or may not. */
  line(body: Buffer, from: number, to: number): boolean {
    const end = scan.end(body, from, to, this.#limits.jsonDepth);
    if (end < 0 || !this.#divider.isOthers(scan.sessionHash)) return false;
    // Whatever stands behind it makes the line none.
    if (afterSpace(body, end) < to) return false;
    this.#divider.passOn(scan.sessionHash, body, from, end);
    return true;
  }

  /**
   * Takes all events of the array that opens at `start`. False, and none taken, when it is not an array of objects within
   * the limits: what is wrong with it, parsing the whole tells. An event that is no JSON costs no other.
   */
  async array(body: Buffer, start: number): Promise<boolean> {
    const places = await placesOf(body, start, this.#limits);
    if (places === undefined) return false;
    const divider = this.#divider;
    const { from, to, sessionHash } = places;
    let sliceStart = start;
    for (let i = 0; i < from.length; i++) {
      if (from[i]! - sliceStart > SLICE_BYTES) {
        sliceStart = from[i]!;
        await nextTurn();
      }
      if (divider.isOthers(sessionHash[i]!)) {
        divider.passOn(sessionHash[i]!, body, from[i]!, to[i]!);
        continue;
      }
      const first = i;
      const isNext = () => i + 1 < from.length && to[i]! - from[first]! < SLICE_BYTES;
      while (isNext() && !divider.isOthers(sessionHash[i + 1]!)) i++;
      if (!this.#quickly(body, from[first]!, to[i]!, i + 1 - first))
        visitRun(body, places, first, i, divider);
    }
    return true;
  }
}

/** Parses events that stand behind each other at once, which costs a fifth less than one by one. */
function visitRun(body: Buffer, { from, to }: Places, first: number, last: number, visitor: EventVisitor) {
  let events: unknown[];
  try {
    events = JSON.parse(`[${body.toString('utf8', from[first], to[last])}]`);
  } catch {
    for (let i = first; i <= last; i++) visitText(body.toString('utf8', from[i], to[i]), 'event', visitor);
    return;
  }
  for (const event of events) visitor.event(event);
}

async function placesOf(
  body: Buffer,
  start: number,
  { eventsPerRequest, bodyBytes, jsonDepth }: CollectorLimits,
): Promise<Places | undefined> {
  const places: Places = { from: [], to: [], sessionHash: [] };
  let sliceStart = start;
  for (let at = start + 1; ; at++) {
    at = afterSpace(body, at);
    const end = scan.end(body, at, body.length, jsonDepth);
    if (end < 0 || end - at > bodyBytes || places.from.length === eventsPerRequest) return undefined;
    places.from.push(at);
    places.to.push(end);
    places.sessionHash.push(scan.sessionHash);
    at = afterSpace(body, end);
    if (body[at] === CLOSE_BRACKET) return afterSpace(body, at + 1) === body.length ? places : undefined;
    if (body[at] !== COMMA) return undefined;
    if (at - sliceStart < SLICE_BYTES) continue;
    sliceStart = at;
    await nextTurn();
  }
}

function afterSpace(body: Buffer, from: number): number {
  let at = from;
  while (at < body.length && isSpace(body[at]!)) at++;
  return at;
}
