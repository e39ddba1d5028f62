/** Reads events from texts and numbers, as `record.ts` describes. */
import type { EventOf, McpEvent } from '../catalogue/events.ts';
import { formatTime } from '../receive/times.ts';
import type { ByteReader } from './bytes.ts';
import { FORM, HAS } from './record-writer.ts';
import type { Ending, Setting } from './shared-texts.ts';

export class RecordReader {
  readonly #texts: string;
  readonly #numbers: ByteReader;
  readonly #shared: unknown[] = [];
  #at = 0;
  #trace: string | undefined;
  #receivedMs = 0;

  constructor(texts: string, numbers: ByteReader) {
    this.#texts = texts;
    this.#numbers = numbers;
  }

  batch(): { receivedMs: number; sourceKind: string; events: McpEvent[] } {
    this.#receivedMs = this.#numbers.number();
    const sourceKind = this.#text();
    const events = Array.from({ length: this.#numbers.number() }, () => this.#event());
    return { receivedMs: this.#receivedMs, sourceKind, events };
  }

  #event(): McpEvent {
    if (this.#numbers.number() === FORM.call) return this.#call();
    return JSON.parse(this.#text());
  }

  #call(): EventOf<'tool_call'> {
    const numbers = this.#numbers;
    const has = numbers.number();
    const setting = this.#sharedValue<Setting>();
    const ending = this.#sharedValue<Ending>();
    const tool = this.#text();
    const id = this.#text();
    const time = has & HAS.timeText ? this.#text() : this.#time();
    const call: EventOf<'tool_call'> = { kind: 'tool_call', id, time, ...setting, tool, ...ending };
    if (has & HAS.trace) this.#trace = this.#text();
    if (has & (HAS.trace | HAS.sameTrace)) call.trace_id = this.#trace!;
    if (has & HAS.code) call.code = numbers.signed();
    if (has & HAS.micros) call.duration_ms = numbers.number() / 1_000;
    if (has & HAS.durationText) call.duration_ms = Number(this.#text());
    if (has & HAS.requestBytes) call.request_bytes = numbers.number();
    if (has & HAS.responseBytes) call.response_bytes = numbers.number();
    return call;
  }

  #time(): string {
    return formatTime(this.#receivedMs + this.#numbers.signed());
  }

  #text(): string {
    const start = this.#at;
    this.#at += this.#numbers.number();
    return this.#texts.slice(start, this.#at);
  }

  #sharedValue<T>(): T {
    const place = this.#numbers.number();
    if (place > 0) return this.#shared[place - 1] as T;
    const value: T = JSON.parse(this.#text());
    this.#shared.push(value);
    return value;
  }
}
