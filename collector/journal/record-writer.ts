/**
 * Writes events as texts and numbers, as `record.ts` describes, into memory that is used over and over.
 *
 * Beside a line of JSON for each event this takes a fifth of the time and half of the bytes. Numbers go by without being
 * made into text, what a session's calls share is text already when they come, and what only one call has is copied from
 * the bytes that it was read from, where a text of it had to be made, joined with others and made bytes again.
 */
import type { EventOf, McpEvent } from '../catalogue/events.ts';
import { type CallColumns, type CallSetting, NUMBER_AT, TEXT_AT } from '../receive/calls/call-columns.ts';
import { bytes as scratch, view as scratchView } from '../receive/calls/scratch.ts';
import { isAsWritten } from '../receive/times.ts';
import { ByteWriter } from './bytes.ts';
import { HEADER_BYTES, sealed } from './entry.ts';
import { endingOf, type SharedText, settingOf } from './shared-texts.ts';

/** How an event is written. */
export const FORM = { json: 0, call: 1 } as const;
/** What a call has, and how it is written. */
export const HAS = {
  sameTrace: 1,
  trace: 2,
  /** The time as its sender wrote it: it is not as we write times. */
  timeText: 4,
  code: 8,
  /** The duration in whole microseconds. */
  micros: 16,
  /** The duration as text: it is no whole number of microseconds. */
  durationText: 32,
  requestBytes: 64,
  responseBytes: 128,
} as const;

export const LENGTH_BYTES = 4;
const TEXTS_FROM = HEADER_BYTES + LENGTH_BYTES;
const SMALLEST_BYTES = 1_024;
/** What is copied at once, beyond the end of a text, too. */
const WORD_BYTES = 4;
/** Of a UTF-16 code unit. */
const MOST_BYTES = 3;
const payloads = new Set(['arguments', 'result', 'error_message']);

/** Tells texts that stand in one record from those that stand in another. */
let records = 0;

export class RecordWriter {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  /** Where the texts end. */
  #at = TEXTS_FROM;
  readonly #numbers = new ByteWriter();
  readonly #head = new ByteWriter();
  #receivedMs = 0;
  #sourceKindUnits = 0;
  #events = 0;
  /** The last trace: where it stands, and itself where a text of it was given. */
  #traceFrom = 0;
  #traceTo = 0;
  #trace: string | undefined;
  #record = 0;
  #shared = 0;
  /** Of this record, those that nobody knew before, by their text. */
  readonly #settings = new Map<string, SharedText>();

  start(receivedMs: number, sourceKind: string): void {
    this.#at = TEXTS_FROM;
    this.#numbers.clear();
    this.#receivedMs = receivedMs;
    this.#events = 0;
    this.#traceFrom = 0;
    this.#traceTo = 0;
    this.#trace = undefined;
    this.#record = ++records;
    this.#shared = 0;
    // Each clear makes a new table, to which the old one points.
    if (this.#settings.size > 0) this.#settings.clear();
    this.#sourceKindUnits = sourceKind.length;
    this.#write(sourceKind, false);
  }

  /** The bytes that it writes to, until it needs more of them. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Adds an event; of a call, when it happened, and its setting where that is known. */
  event(event: McpEvent, timeMs: number | undefined, setting: SharedText | undefined): void {
    this.#events++;
    if (event.kind === 'tool_call' && isWritable(event))
      this.#call(event, timeMs, setting ?? this.#settingOf(event));
    else this.#json(event);
  }

  /** Adds a call that is read from the scratch, and says in a row of `into` where its texts stand here. */
  readCall(calls: CallColumns, row: number, into: CallColumns, at: number): void {
    this.#events++;
    const traceFrom = calls.from(row, TEXT_AT.trace);
    const traceTo = calls.to(row, TEXT_AT.trace);
    const isSameTrace = this.#isTrace(traceFrom, traceTo);
    const timeTo = calls.to(row, TEXT_AT.time);
    const durationMs = calls.number(row, NUMBER_AT.durationMs);
    const requestBytes = calls.number(row, NUMBER_AT.requestBytes);
    const responseBytes = calls.number(row, NUMBER_AT.responseBytes);
    const code = calls.number(row, NUMBER_AT.code);
    const setting = calls.settings[row]!;
    this.#begin(
      (traceTo === 0 ? 0 : isSameTrace ? HAS.sameTrace : HAS.trace) |
        (timeTo === 0 ? 0 : HAS.timeText) |
        hasOf(code, durationMs, requestBytes, responseBytes),
      setting.text!,
      calls.shapes[row]!.ending,
      setting,
    );
    this.#copy(calls, row, TEXT_AT.tool);
    into.setText(at, TEXT_AT.id, this.#at, this.#copy(calls, row, TEXT_AT.id));
    if (timeTo > 0) into.setText(at, TEXT_AT.time, this.#at, this.#copy(calls, row, TEXT_AT.time));
    else {
      into.setText(at, TEXT_AT.time, 0, 0);
      this.#numbers.signed(calls.number(row, NUMBER_AT.timeMs) - this.#receivedMs);
    }
    if (traceTo > 0 && !isSameTrace) {
      this.#trace = undefined;
      this.#traceFrom = this.#at;
      this.#traceTo = this.#copy(calls, row, TEXT_AT.trace);
    }
    if (traceTo === 0) into.setText(at, TEXT_AT.trace, 0, 0);
    else into.setText(at, TEXT_AT.trace, this.#traceFrom, this.#traceTo);
    this.#sizes(code, durationMs, requestBytes, responseBytes);
  }

  /** The record, until the next start. */
  finish(): Buffer {
    const textBytes = this.#at - TEXTS_FROM;
    const head = this.#head;
    head.clear();
    head.number(this.#receivedMs);
    head.number(this.#sourceKindUnits);
    head.number(this.#events);
    this.#reserve(head.length + this.#numbers.length);
    head.copy(this.#bytes, this.#at);
    this.#numbers.copy(this.#bytes, this.#at + head.length);
    this.#bytes.writeUInt32BE(textBytes, HEADER_BYTES);
    return sealed(this.#bytes.subarray(0, this.#at + head.length + this.#numbers.length), 'record');
  }

  #json(event: McpEvent): void {
    this.#numbers.number(FORM.json);
    const isPayload = (key: string) => event.kind === 'tool_call' && payloads.has(key);
    this.#text(JSON.stringify(event, (key, value) => (isPayload(key) ? undefined : value)));
  }

  #call(call: EventOf<'tool_call'>, atMs: number | undefined, setting: SharedText): void {
    const { trace_id: trace, duration_ms = Number.NaN, code = Number.NaN } = call;
    const { request_bytes = Number.NaN, response_bytes = Number.NaN } = call;
    const timeMs = isAsWritten(call.time) ? atMs : undefined;
    this.#begin(
      (trace === undefined ? 0 : trace === this.#trace ? HAS.sameTrace : HAS.trace) |
        (timeMs === undefined ? HAS.timeText : 0) |
        hasOf(code, duration_ms, request_bytes, response_bytes),
      setting,
      endingOf(call),
    );
    this.#text(call.tool);
    this.#text(call.id);
    if (timeMs === undefined) this.#text(call.time);
    else this.#numbers.signed(timeMs - this.#receivedMs);
    if (trace !== undefined && trace !== this.#trace) {
      this.#trace = trace;
      this.#traceFrom = this.#at;
      this.#text(trace);
      this.#traceTo = this.#at;
    }
    this.#sizes(code, duration_ms, request_bytes, response_bytes);
  }

  #begin(has: number, setting: SharedText, ending: SharedText, near?: CallSetting): void {
    this.#numbers.number(FORM.call);
    this.#numbers.number(has);
    this.#sharedText(setting, near);
    this.#sharedText(ending);
  }

  #sizes(code: number, durationMs: number, requestBytes: number, responseBytes: number): void {
    const numbers = this.#numbers;
    if (!Number.isNaN(code)) numbers.signed(code);
    if (isWholeMicros(durationMs)) numbers.number(Math.round(durationMs * 1_000));
    else if (!Number.isNaN(durationMs)) this.#text(String(durationMs));
    if (!Number.isNaN(requestBytes)) numbers.number(requestBytes);
    if (!Number.isNaN(responseBytes)) numbers.number(responseBytes);
  }

  #settingOf(event: McpEvent): SharedText {
    const setting = settingOf(event);
    const known = this.#settings.get(setting.text);
    if (known === undefined) this.#settings.set(setting.text, setting);
    return known ?? setting;
  }

  /** Its number in this record from 1; the first time 0 and the text. */
  #sharedText(shared: SharedText, near?: CallSetting): void {
    if (shared.record === this.#record) {
      this.#numbers.number(shared.place);
      return;
    }
    shared.record = this.#record;
    shared.place = ++this.#shared;
    this.#numbers.number(0);
    this.#numbers.number(shared.length);
    if (near !== undefined && near.textAt >= 0) this.#copyBytes(near.texts, near.textAt, shared.length);
    else this.#write(shared.text, shared.isAscii);
  }

  #text(text: string): void {
    this.#numbers.number(text.length);
    this.#write(text, false);
  }

  #write(text: string, isAscii: boolean): void {
    this.#reserve(text.length * (isAscii ? 1 : MOST_BYTES));
    this.#at += this.#bytes.write(text, this.#at, isAscii ? 'latin1' : 'utf8');
  }

  /** Copies a text of a call from the scratch, four bytes at a time; answers where it ends. */
  #copy(calls: CallColumns, row: number, text: number): number {
    const from = calls.from(row, text);
    const length = calls.to(row, text) - from;
    this.#numbers.number(length);
    this.#copyBytes(scratchView, from, length);
    return this.#at;
  }

  /** Copies ASCII, of which eight bytes are always a number that the engine keeps as it is; four where others follow. */
  #copyBytes(view: DataView, from: number, length: number): void {
    this.#reserve(length + WORD_BYTES);
    const own = this.#view;
    const to = this.#at;
    const eights = length & ~7;
    for (let i = 0; i < eights; i += 8) own.setFloat64(to + i, view.getFloat64(from + i, true), true);
    for (let i = eights; i < length; i += WORD_BYTES)
      own.setInt32(to + i, view.getInt32(from + i, true), true);
    this.#at = to + length;
  }

  /** Whether what stands in the scratch is the last trace. */
  #isTrace(from: number, to: number): boolean {
    const last = this.#traceFrom;
    if (to - from !== this.#traceTo - last) return false;
    for (let i = 0; i < to - from; i++) if (scratch[from + i] !== this.#bytes[last + i]) return false;
    return true;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** UTF-8 has no half characters, but JSON writes them as escapes. */
const isWritable = ({ tool, id, time, trace_id: trace }: EventOf<'tool_call'>): boolean =>
  tool.isWellFormed() && id.isWellFormed() && time.isWellFormed() && (trace?.isWellFormed() ?? true);

const hasOf = (code: number, durationMs: number, requestBytes: number, responseBytes: number): number =>
  (Number.isNaN(code) ? 0 : HAS.code) |
  (Number.isNaN(durationMs) ? 0 : isWholeMicros(durationMs) ? HAS.micros : HAS.durationText) |
  (Number.isNaN(requestBytes) ? 0 : HAS.requestBytes) |
  (Number.isNaN(responseBytes) ? 0 : HAS.responseBytes);

const isWholeMicros = (milliseconds: number): boolean =>
  Math.round(milliseconds * 1_000) / 1_000 === milliseconds;
