/**
 * Calls as numbers, and as what is known of them already: rows of two typed arrays and a few lists.
 *
 * An object for a call with its texts is a kilobyte that lives until the journal has been synced, and is copied meanwhile
 * by the collector of garbage. A row is 90 bytes of memory that is used over and over; an event is made of it where one is
 * asked for. What only one call has, such as its id, stays in the bytes that it was read from or copied to.
 */
import type { EventOf } from '../../catalogue/events.ts';
import type { Setting, SharedText } from '../../journal/shared-texts.ts';
import type { NamedTool } from '../../process/known-tools.ts';
import type { HeldSession } from '../../process/sessions.ts';
import { formatTime } from '../times.ts';
import type { Shape } from './layouts.ts';

/** What the calls of a session have in common, and what has been found by it; the session's id is the keyed hash. */
export interface CallSetting extends Setting, HeldSession {
  /** What the journal keeps of it, where its calls are for this process. */
  readonly text: SharedText | undefined;
  /** Where the bytes of that stand, -1 when they do not, or no more. */
  textAt: number;
  readonly texts: DataView;
  /** Whether its calls are for this process; else the hash of its session's id says for which. */
  readonly own: boolean;
  readonly sessionHash: number;
  /** What each of its calls shows that its source can see. */
  readonly shows: number;
  /** The tools that its server stood by, once there are some. */
  tools: ReadonlyMap<string, NamedTool> | undefined;
}

/** Where texts begin and end. Without a trace, it ends at 0, and so does a time that is written as `formatTime` does. */
export const TEXT_AT = { id: 0, trace: 2, time: 4, tool: 6 } as const;
const TEXT_INTS = 8;
/** Not a number where the call does not say it. */
export const NUMBER_AT = { timeMs: 0, durationMs: 1, requestBytes: 2, responseBytes: 3, code: 4 } as const;
const NUMBERS = 5;
const SMALLEST = 16;

const known = (number: number): number | undefined => (Number.isNaN(number) ? undefined : number);

export class CallColumns {
  /** The bytes that the texts stand in, all ASCII. */
  bytes: Buffer;
  #room = SMALLEST;
  #texts = new Int32Array(SMALLEST * TEXT_INTS);
  #numbers = new Float64Array(SMALLEST * NUMBERS);
  readonly settings: (CallSetting | undefined)[] = [];
  readonly tools: string[] = [];
  readonly shapes: Shape[] = [];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Takes all of a call but where its texts stand. */
  copy(call: number, from: CallColumns, row: number): void {
    this.settings[call] = from.settings[row]!;
    this.tools[call] = from.tools[row]!;
    this.shapes[call] = from.shapes[row]!;
    for (let number = 0; number < NUMBERS; number++) this.setNumber(call, number, from.number(row, number));
  }

  /** Has room for a call. */
  reserve(call: number): void {
    if (call < this.#room) return;
    this.#room = Math.max(2 * this.#room, call + 1);
    const [texts, numbers] = [this.#texts, this.#numbers];
    this.#texts = new Int32Array(this.#room * TEXT_INTS);
    this.#numbers = new Float64Array(this.#room * NUMBERS);
    this.#texts.set(texts);
    this.#numbers.set(numbers);
  }

  from(call: number, text: number): number {
    return this.#texts[call * TEXT_INTS + text]!;
  }

  to(call: number, text: number): number {
    return this.#texts[call * TEXT_INTS + text + 1]!;
  }

  setText(call: number, text: number, from: number, to: number): void {
    this.#texts[call * TEXT_INTS + text] = from;
    this.#texts[call * TEXT_INTS + text + 1] = to;
  }

  number(call: number, number: number): number {
    return this.#numbers[call * NUMBERS + number]!;
  }

  setNumber(call: number, number: number, value: number): void {
    this.#numbers[call * NUMBERS + number] = value;
  }

  event(call: number): EventOf<'tool_call'> {
    const { server, client, user, session, source, environment } = this.settings[call]!;
    const { outcome, fault, perspective } = this.shapes[call]!;
    return {
      kind: 'tool_call',
      id: this.#text(call, TEXT_AT.id) as string,
      time: this.#text(call, TEXT_AT.time) ?? formatTime(this.number(call, NUMBER_AT.timeMs)),
      server,
      tool: this.tools[call]!,
      client,
      user,
      session,
      trace_id: this.#text(call, TEXT_AT.trace),
      source,
      environment,
      outcome,
      fault,
      perspective,
      code: known(this.number(call, NUMBER_AT.code)),
      duration_ms: known(this.number(call, NUMBER_AT.durationMs)),
      request_bytes: known(this.number(call, NUMBER_AT.requestBytes)),
      response_bytes: known(this.number(call, NUMBER_AT.responseBytes)),
    };
  }

  #text(call: number, text: number): string | undefined {
    const to = this.to(call, text);
    return to === 0 ? undefined : this.bytes.toString('latin1', this.from(call, text), to);
  }
}
