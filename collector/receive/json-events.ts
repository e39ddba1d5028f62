/**
 * Cuts a body into events: one JSON object, a JSON array, or one JSON object a line.
 *
 * A large body is parsed in slices with a turn of the event loop between them, so that nobody else waits for it, and
 * its events are counted before any object is built, so that a body of `[{},{},…` costs no more than its bytes.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CollectorLimits } from '../config.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isSpace,
  NEWLINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-bytes.ts';
import { malformed, tooLarge } from './refusal.ts';

export type BodyFormat = 'json' | 'ndjson';
export interface EventVisitor {
  /** Takes one event as it was sent, whatever it is. */
  event(value: unknown): void;
  /** Takes a line that holds no event, or an event that is no JSON, and what is wrong with it. */
  brokenLine(error: string): void;
}

/** Takes events unparsed that are for somebody else. */
export interface Passing {
  /** Whether it took the event of a line. */
  line(body: Buffer, from: number, to: number): boolean;
  /** Whether it took all events of an array, the visitor's own included. */
  array(body: Buffer, start: number): Promise<boolean>;
}

/**
 * Visits the events of a list without its brackets, `most` of them at the most. False, and none visited, where only
 * `JSON.parse` can say what they are.
 */
export type Quickly = (body: Buffer, from: number, to: number, most: number) => boolean;

/** Bodies up to this size are parsed in one go. */
const SLICED_FROM_BYTES = 256 * 1024;
/** About 100 events; parsing costs the least at this size. */
export const SLICE_BYTES = 64 * 1024;

const notJson = (error: unknown) => {
  // The parser's own message quotes the body, which may hold what nobody should log; its position does not.
  const position = /at position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
  return `not valid JSON${position ? ` ${position}` : ''}`;
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(
      `the body is ${notJson(error)}: send one event, an array of events, or one event a line as application/x-ndjson`,
    );
  }
}

/** Calls the visitor with each event of a body. Throws a Refusal for a body that is none. */
export async function visitEvents(
  body: Buffer,
  format: BodyFormat,
  limits: CollectorLimits,
  visitor: EventVisitor,
  passing?: Passing,
  quickly?: Quickly,
): Promise<void> {
  let start = 0;
  while (start < body.length && isSpace(body[start]!)) start++;
  if (start === body.length) throw malformed('the body is empty: send at least one event as JSON');
  if (format === 'ndjson') return visitLines(body, limits, visitor, passing, quickly);
  const isSliced = body.length > SLICED_FROM_BYTES && body[start] === OPEN_BRACKET;
  if (!isSliced && body.length > limits.bodyBytes) throw tooLargeEvent(limits);
  if (!isSliced && quickly && isVisited(body, start, limits, quickly)) return;
  if (passing && body[start] === OPEN_BRACKET && (await passing.array(body, start))) return;
  if (isSliced) return visitSlices(body, start, limits, visitor, quickly);
  if (passing?.line(body, start, body.length)) return;
  const value = parse(body.toString());
  if (!Array.isArray(value)) return visitor.event(value);
  if (value.length > limits.eventsPerRequest) throw tooMany(limits);
  for (const event of value) visitor.event(event);
}

/** One event, or an array. False, and nothing visited, where only `JSON.parse` can say what it is. */
function isVisited(body: Buffer, start: number, limits: CollectorLimits, quickly: Quickly): boolean {
  let end = body.length;
  while (isSpace(body[end - 1]!)) end--;
  if (body[start] === OPEN_BRACE) return quickly(body, start, end, 1);
  if (body[start] !== OPEN_BRACKET || body[end - 1] !== CLOSE_BRACKET) return false;
  return quickly(body, start + 1, end - 1, limits.eventsPerRequest);
}

const tooMany = ({ eventsPerRequest }: CollectorLimits) =>
  tooLarge(`more than ${eventsPerRequest} events in one request: send them in several`);

const tooLargeEvent = ({ bodyBytes }: CollectorLimits) =>
  tooLarge(`one event is larger than ${bodyBytes} bytes: leave out its payload`);

async function visitLines(
  body: Buffer,
  limits: CollectorLimits,
  visitor: EventVisitor,
  passing: Passing | undefined,
  quickly: Quickly | undefined,
): Promise<void> {
  let lines = 0;
  let sliceStart = 0;
  for (let from = 0, to: number; from < body.length; from = to + 1) {
    // Empty lines count too: they cost time, and nothing else bounds them.
    if (++lines > limits.eventsPerRequest) throw tooMany(limits);
    to = body.indexOf(NEWLINE, from);
    if (to < 0) to = body.length;
    if (to - from > limits.bodyBytes) throw tooLargeEvent(limits);
    if (!quickly?.(body, from, to, 1) && !passing?.line(body, from, to))
      visitText(body.toString('utf8', from, to), 'line', visitor);
    if (to - sliceStart > SLICE_BYTES) {
      sliceStart = to;
      await nextTurn();
    }
  }
}

/** Visits the event of a text, which is the `what` of its request. */
export function visitText(text: string, what: 'line' | 'event', visitor: EventVisitor): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (text.trim() !== '') visitor.brokenLine(`the ${what} is ${notJson(error)}`);
    return;
  }
  visitor.event(value);
}

async function visitSlices(
  body: Buffer,
  start: number,
  limits: CollectorLimits,
  visitor: EventVisitor,
  quickly: Quickly | undefined,
): Promise<void> {
  let from = start + 1;
  for (const to of sliceEnds(body, start, limits)) {
    if (!quickly?.(body, from, to, limits.eventsPerRequest)) {
      const events = parse(`[${body.toString('utf8', from, to)}]`) as unknown[];
      // Nothing between two commas would be a valid slice, but is no valid array.
      if (events.length === 0) throw notAnArray();
      for (const event of events) visitor.event(event);
    }
    from = to + 1;
    await nextTurn();
  }
}

const notAnArray = () =>
  malformed('the body is not a valid JSON array: close every bracket, brace and quote, and leave no gaps');

/**
 * Where the array that opens at `start` can be cut: a comma between two events for each full slice, then its end.
 * Only finds the cuts; whether what lies between is JSON, the parser says.
 */
function* sliceEnds(body: Buffer, start: number, limits: CollectorLimits): Generator<number> {
  let depth = 1;
  let events = 1;
  let sliceStart = start + 1;
  let eventStart = start + 1;
  for (let at = start + 1; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) {
      for (at++; at < body.length && body[at] !== QUOTE; at++) if (body[at] === BACKSLASH) at++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      // The array is one level above its events.
      if (++depth > limits.jsonDepth + 1)
        throw malformed(`the body is nested deeper than ${limits.jsonDepth} levels: send flatter events`);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (--depth > 0) continue;
      for (let after = at + 1; after < body.length; after++) if (!isSpace(body[after]!)) throw notAnArray();
      if (byte !== CLOSE_BRACKET) throw notAnArray();
      if (at - eventStart > limits.bodyBytes) throw tooLargeEvent(limits);
      yield at;
      return;
    } else if (byte === COMMA && depth === 1) {
      if (++events > limits.eventsPerRequest) throw tooMany(limits);
      if (at - eventStart > limits.bodyBytes) throw tooLargeEvent(limits);
      eventStart = at + 1;
      if (at - sliceStart < SLICE_BYTES) continue;
      yield at;
      sliceStart = at + 1;
    }
  }
  throw notAnArray();
}
