/**
 * The ways in which senders write a call: which keys come in which order, and what stands between the values.
 *
 * A sender writes its calls the same way each time, so what stands before a value is compared with what stood there
 * before, four bytes at a time, instead of being read. Words of a closed set are part of it, as they are few. All ways
 * form a tree, since they begin alike: a step is what is to be read next. What a way has, in which order, is checked
 * once, when it is learnt from a call that was read and found valid in the other way.
 */
import { type EventOf, perspectives, sessionOrigins } from '../../catalogue/events.ts';
import { faults, outcomes } from '../../catalogue/labels.ts';
import { endingOf, type SharedText } from '../../journal/shared-texts.ts';
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, isSpace, OPEN_BRACE, QUOTE } from '../json-bytes.ts';
import { asciiText, bytes, view } from './scratch.ts';

type ToolCall = EventOf<'tool_call'>;

/** Texts that come again and again, by their place in a list of them. */
export const TEXT = {
  server: 0,
  tool: 1,
  'client.name': 2,
  'client.version': 3,
  user: 4,
  'session.id': 5,
  'session.type': 6,
  source: 7,
  environment: 8,
} as const;
/** How what stands at a step is read; from `text` on, it is the text of this number. */
export const VALUE = {
  end: 0,
  id: 1,
  trace_id: 2,
  time: 3,
  duration_ms: 4,
  request_bytes: 5,
  response_bytes: 6,
  code: 7,
  text: 8,
} as const;
const texts = new Map<string, number>(
  Object.entries(TEXT).map(([path, place]) => [path, VALUE.text + place]),
);
const quoted = new Map<string, number>([
  ...texts,
  ['id', VALUE.id],
  ['trace_id', VALUE.trace_id],
  ['time', VALUE.time],
]);
const numbers = new Map<string, number>([
  ['duration_ms', VALUE.duration_ms],
  ['request_bytes', VALUE.request_bytes],
  ['response_bytes', VALUE.response_bytes],
  ['code', VALUE.code],
]);
const words = new Map<string, readonly string[]>([
  ['kind', ['tool_call']],
  ['outcome', outcomes],
  ['fault', faults],
  // Views of gateways and clients wait for others, and are rare: they go the other way.
  ['perspective', perspectives.slice(0, 1)],
  ['session.origin', sessionOrigins],
]);
const required = ['kind', 'id', 'time', 'server', 'tool', 'outcome'];

/** What is known of a call by the way in which it is written. */
export interface Shape extends Pick<ToolCall, 'outcome' | 'fault' | 'perspective'> {
  readonly origin: NonNullable<ToolCall['session']>['origin'];
  /** Which texts make its setting, a bit for each of `TEXT`, and above them which word is its session's origin. */
  readonly setting: number;
  /** The outcome's place among all. */
  readonly outcomePlace: number;
  /** What the journal keeps of how it ended. */
  readonly ending: SharedText;
}
const ORIGIN_FROM = 16;

/** What a shape says, and what is found by it. */
export function shapeOf(
  { outcome, fault, perspective }: Pick<Shape, 'outcome' | 'fault' | 'perspective'>,
  origin: Shape['origin'],
  setting: number,
): Shape {
  const outcomePlace = outcomes.indexOf(outcome);
  const ending = endingOf({ outcome, fault, perspective });
  return { outcome, fault, perspective, origin, setting, outcomePlace, ending };
}

export class Step {
  /** What stands before the value: words of four bytes, and up to three bytes more. */
  readonly words: readonly number[];
  readonly rest: number;
  readonly restMask: number;
  readonly length: number;
  readonly value: number;
  /** At the end. */
  readonly shape: Shape | undefined;
  /** What may come next, what came last first. */
  readonly next: Step[] = [];

  constructor(from: number, to: number, value: number, shape: Shape | undefined) {
    this.length = to - from;
    const whole = this.length & ~3;
    this.words = Array.from({ length: whole / 4 }, (_, i) => view.getInt32(from + i * 4, true));
    this.restMask = (1 << ((this.length & 3) * 8)) - 1;
    this.rest = view.getInt32(from + whole, true) & this.restMask;
    this.value = value;
    this.shape = shape;
  }

  /** Whether this stands at a place. */
  isAt(from: number): boolean {
    let at = from;
    for (let i = 0; i < this.words.length; i++, at += 4)
      if (view.getInt32(at, true) !== this.words[i]) return false;
    return this.restMask === 0 || (view.getInt32(at, true) & this.restMask) === this.rest;
  }
}

/** Bounds, since senders choose their ways: of the whole tree, of the ways to go on from a step, and of a step. */
const STEPS = 2_000;
const NEXT = 16;
const STEP_BYTES = 512;

export class Layouts {
  #first: Step[] = [];
  #steps = 0;

  /** What every way begins with. */
  get first(): Step[] {
    return this.#first;
  }

  /** Learns how the call is written that stands at a place and is valid. */
  learn(from: number, to: number): void {
    const way = new Way(from, to).steps();
    if (way === undefined) return;
    // Nobody has so many ways: somebody invents them.
    if (this.#steps + way.length > STEPS) {
      this.#first = [];
      this.#steps = 0;
    }
    let next = this.#first;
    for (const step of way) {
      const known = next.find((one) => isSame(one, step));
      if (known === undefined) {
        if (next.length >= NEXT) next.pop();
        next.unshift(step);
        this.#steps++;
      }
      next = (known ?? step).next;
    }
  }
}

/** The one of these steps that stands at a place. */
export function stepAt(steps: Step[], at: number): Step | undefined {
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (!step.isAt(at)) continue;
    if (i > 0) {
      steps[i] = steps[i - 1]!;
      steps[i - 1] = step;
    }
    return step;
  }
  return undefined;
}

const isSame = (one: Step, other: Step): boolean =>
  one.value === other.value &&
  one.length === other.length &&
  one.rest === other.rest &&
  one.words.every((word, i) => word === other.words[i]);

const isOfNumber = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) || '+-.eE'.includes(String.fromCharCode(byte));

/** Takes apart how one call is written. */
class Way {
  #at: number;
  readonly #to: number;
  /** Where what stands before the next value begins. */
  #between: number;
  readonly #steps: Step[] = [];
  readonly #seen = new Set<string>();
  readonly #words = new Map<string, string>();
  #texts = 0;

  constructor(from: number, to: number) {
    this.#at = from;
    this.#between = from;
    this.#to = to;
  }

  /** Undefined for a call that cannot be read this way, such as one with arguments. */
  steps(): Step[] | undefined {
    if (!this.#object('') || this.#at !== this.#to) return undefined;
    if (!required.every((path) => this.#seen.has(path))) return undefined;
    const word = <T>(path: string) => this.#words.get(path) as T;
    const origin = word<Shape['origin']>('session.origin');
    const ending = {
      outcome: word<Shape['outcome']>('outcome'),
      fault: word<Shape['fault']>('fault'),
      perspective: word<Shape['perspective']>('perspective'),
    };
    const setting =
      this.#texts | (origin === undefined ? 0 : (sessionOrigins.indexOf(origin) + 1) << ORIGIN_FROM);
    this.#step(VALUE.end, shapeOf(ending, origin, setting));
    return this.#steps.every(({ length }) => length <= STEP_BYTES) ? this.#steps : undefined;
  }

  #step(value: number, shape?: Shape): void {
    this.#steps.push(new Step(this.#between, this.#at, value, shape));
  }

  #object(prefix: string): boolean {
    if (!this.#take(OPEN_BRACE)) return false;
    for (;;) {
      const key = this.#text();
      if (key === undefined || !this.#take(COLON)) return false;
      const path = prefix + key;
      if (this.#seen.has(path)) return false;
      this.#seen.add(path);
      if (!this.#value(path)) return false;
      if (this.#take(CLOSE_BRACE)) return true;
      if (!this.#take(COMMA)) return false;
    }
  }

  #value(path: string): boolean {
    if (path === 'client') return this.#object('client.') && this.#seen.has('client.name');
    if (path === 'session') return this.#object('session.') && this.#seen.has('session.id');
    const known = words.get(path);
    if (known !== undefined) {
      const word = this.#text();
      if (word === undefined || !known.includes(word)) return false;
      this.#words.set(path, word);
      return true;
    }
    const value = quoted.get(path);
    if (value !== undefined) return this.#quotedValue(value);
    const number = numbers.get(path);
    return number !== undefined && this.#number(number);
  }

  #quotedValue(value: number): boolean {
    if (!this.#take(QUOTE)) return false;
    this.#step(value);
    if (value > VALUE.text + TEXT.tool || value === VALUE.text + TEXT.server)
      this.#texts |= 1 << (value - VALUE.text);
    this.#at--;
    if (this.#text() === undefined) return false;
    // The quote behind it is what the next step begins with.
    this.#between = this.#at - 1;
    return true;
  }

  #number(value: number): boolean {
    this.#skipSpaces();
    this.#step(value);
    while (this.#at < this.#to && isOfNumber(bytes[this.#at]!)) this.#at++;
    this.#between = this.#at;
    return true;
  }

  /** What stands between the next two quotes; undefined when it has escapes. */
  #text(): string | undefined {
    if (!this.#take(QUOTE)) return undefined;
    const end = bytes.indexOf(QUOTE, this.#at);
    if (end >= this.#to) return undefined;
    const text = asciiText(this.#at, end);
    this.#at = end + 1;
    return text.includes(String.fromCharCode(BACKSLASH)) ? undefined : text;
  }

  #take(byte: number): boolean {
    this.#skipSpaces();
    if (this.#at >= this.#to || bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skipSpaces(): void {
    while (this.#at < this.#to && isSpace(bytes[this.#at]!)) this.#at++;
  }
}
