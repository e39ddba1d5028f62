/**
 * Calls from spans, without making what most spans have in common anew each time.
 *
 * Of a span's 14 attributes nearly all say what they said in another span of the same session, or of the same tool; the
 * rest are sizes, or matter to nobody. Reading each into a list, finding out what it means to its source, building the
 * event and checking it took 6 µs. So the attributes that decide a call's setting are compared with those of a known
 * one, those that decide its tool and its end likewise, and only ids, times and sizes are read. What a span that is not
 * known becomes is found out in the other way, and learnt.
 *
 * Whatever is not plain, such as a payload, a span event or a session that is told by its trace, is left to the decoder
 * and the normaliser: they say what is valid, and this gives the same event or none.
 */
import type { EventOf, McpEvent } from '../../../catalogue/events.ts';
import type { Setting, SharedText } from '../../../journal/shared-texts.ts';
import { CallColumns, type CallSetting, NUMBER_AT, TEXT_AT } from '../../calls/call-columns.ts';
import { bytes, load, view } from '../../calls/scratch.ts';
import { LONGEST_DURATION_MS } from '../../sources/build.ts';
import { INVALID_PARAMS } from '../../sources/outcome.ts';
import type { Plan } from '../../sources/record-reader.ts';
import { faultOf } from '../../validate.ts';
import { millisecondsBetween, millisecondsOf } from '../wire.ts';
import { type KnownCall, type KnownSetting, knownCall } from './known-call.ts';
import type { Origin } from './resources.ts';
import { isPlain } from './roles.ts';
import { KnownRuns } from './runs.ts';
import { SpanIds } from './span-ids.ts';
import { SpanReader } from './span-reader.ts';

type ToolCall = EventOf<'tool_call'>;

/** Takes the calls that spans are. */
export interface CallTaker {
  call(source: string, event: McpEvent, timeMs: number, setting: SharedText | undefined): void;
  /** What the call is read from lasts until this returns. */
  readCall(source: string, calls: CallColumns, row: number): void;
}

/** Known at most, each with 376 bytes of runs. */
const SETTINGS = 16_384;
const CALLS = 8_192;
const WORDS = 96;
/** The part of a body that is in the scratch at once. */
const WINDOW_BYTES = 256 * 1024;
/** Where ids are written in it, beyond all that is loaded. */
const IDS_AT = 384 * 1024;
/** From here on a year has five digits. */
const YEAR_10000_MS = 253_402_300_800_000;
/** After so many spans in a row of one library that could not be compared, so many are left to the other way unseen. */
const LEFT_IN_A_ROW = 16;
const TO_LEAVE = 256;

export class KnownSpans {
  readonly #settingFor: (setting: Setting) => CallSetting;
  readonly #isOwn: (event: McpEvent) => boolean;
  readonly #row = new CallColumns(bytes);
  readonly #reader = new SpanReader();
  readonly #ids = new SpanIds(IDS_AT);
  readonly #settings = new KnownRuns<KnownSetting>(SETTINGS, WORDS);
  readonly #calls = new KnownRuns<KnownCall>(CALLS, WORDS);
  /** Where in the body that is read the scratch begins and ends. */
  #from = 0;
  #to = 0;
  /** Of the span that was read last and can be learnt: its library. */
  #learnable: Origin | undefined = undefined;

  /**
   * `settingFor`: what is known of calls by what they have in common. `isOwn`: whether an event belongs to this process. Both
   * take a session's id as it was sent.
   */
  constructor(settingFor: (setting: Setting) => CallSetting, isOwn: (event: McpEvent) => boolean) {
    this.#settingFor = settingFor;
    this.#isOwn = isOwn;
  }

  /** Begins with the spans of another body. */
  start(): void {
    this.#to = 0;
    this.#from = 0;
    this.#learnable = undefined;
    this.#ids.forget();
  }

  /** Takes the span that stands at a place of the body; false when it is left to the other way. */
  take(body: Buffer, from: number, to: number, origin: Origin | undefined, taker: CallTaker): boolean {
    this.#learnable = undefined;
    if (origin === undefined) return false;
    if (origin.toLeave > 0) {
      origin.toLeave--;
      return false;
    }
    if (++origin.leftInARow >= LEFT_IN_A_ROW) {
      origin.leftInARow = 0;
      origin.toLeave = TO_LEAVE;
    }
    const reader = this.#reader;
    if (!this.#load(body, from, to) || !reader.read(from - this.#from, to - this.#from, origin.secret))
      return false;
    const { startAt, endAt, traceAt, spanAt } = reader;
    if (startAt < 0 || endAt < 0 || traceAt < 0 || spanAt < 0) return false;
    const startLow = view.getUint32(startAt, true);
    const startHigh = view.getUint32(startAt + 4, true);
    const endLow = view.getUint32(endAt, true);
    const endHigh = view.getUint32(endAt + 4, true);
    const timeMs = millisecondsOf(endLow, endHigh);
    // Zero stands for an unknown time.
    const isTimed = (startLow | startHigh) !== 0 && timeMs > 0 && timeMs < YEAR_10000_MS;
    if (!isTimed || !this.#ids.write(traceAt, spanAt)) return false;
    const call = this.#calls.find(reader.call);
    const setting = this.#settings.find(reader.setting);
    if (call?.origin !== origin || setting?.origin !== origin || call.plan !== setting.plan) {
      this.#learnable = origin;
      return false;
    }
    origin.leftInARow = 0;
    const durationMs = millisecondsBetween(startLow, startHigh, endLow, endHigh);
    const isLasting = durationMs >= 0 && durationMs <= LONGEST_DURATION_MS;
    const { from: idFrom, traceTo, to: idTo } = this.#ids;
    const toolTo = reader.call.starts[call.toolRun]! + reader.call.lengths[call.toolRun]!;
    const row = this.#row;
    row.settings[0] = setting.setting;
    row.tools[0] = call.tool;
    row.shapes[0] = call.shape;
    row.setText(0, TEXT_AT.id, idFrom, idTo);
    row.setText(0, TEXT_AT.trace, idFrom, traceTo);
    // As `formatTime` writes it.
    row.setText(0, TEXT_AT.time, 0, 0);
    row.setText(0, TEXT_AT.tool, toolTo - call.tool.length, toolTo);
    row.setNumber(0, NUMBER_AT.timeMs, timeMs);
    row.setNumber(0, NUMBER_AT.durationMs, isLasting ? durationMs : Number.NaN);
    row.setNumber(0, NUMBER_AT.requestBytes, reader.requestBytes || Number.NaN);
    row.setNumber(0, NUMBER_AT.responseBytes, reader.responseBytes || Number.NaN);
    row.setNumber(0, NUMBER_AT.code, call.code);
    const { name } = call.plan.source;
    // Views of gateways and clients wait for others, and a row has no place for what detectors read of an error.
    if (call.shape.perspective === undefined && call.errorMessage === undefined) taker.readCall(name, row, 0);
    else taker.call(name, eventOf(row, call), timeMs, setting.setting.text);
    return true;
  }

  /** Learns what became, in the other way, of the span that was left last. */
  learn(event: McpEvent, plan: Plan): void {
    const origin = this.#learnable;
    if (origin === undefined) return;
    this.#learnable = undefined;
    if (!isPlainCall(event, plan) || !this.#isOwn(event)) return;
    origin.leftInARow = 0;
    origin.toLeave = 0;
    const { server, client, user, session, source, environment } = event;
    const { setting: settingRuns, call: callRuns } = this.#reader;
    const call = knownCall(origin, plan, event, callRuns);
    if (call === undefined) return;
    this.#calls.put(callRuns, call);
    const setting = this.#settingFor({ server, client, user, session: { ...session }, source, environment });
    this.#settings.put(settingRuns, { origin, plan, setting });
  }

  /** Sees to it that a part of the body is in the scratch; false when it is too long. */
  #load(body: Buffer, from: number, to: number): boolean {
    if (from >= this.#from && to <= this.#to) return true;
    if (to - from > WINDOW_BYTES) return false;
    this.#from = from;
    this.#to = Math.min(from + WINDOW_BYTES, body.length);
    return load(body, this.#from, this.#to);
  }
}

function eventOf(row: CallColumns, { errorMessage }: KnownCall): ToolCall {
  const event = row.event(0);
  if (errorMessage !== undefined) event.error_message = errorMessage;
  return event;
}

type PlainCall = ToolCall & { readonly session: NonNullable<ToolCall['session']> };

/** Whether all that an event says but for ids, times and sizes is decided by what is compared. */
const isPlainCall = (event: McpEvent, plan: Plan): event is PlainCall =>
  event.kind === 'tool_call' &&
  isPlain(plan) &&
  event.arguments === undefined &&
  event.result === undefined &&
  // Without an id of its own the trace may decide the session.
  (event.session?.origin === 'transport' || event.session?.origin === 'explicit') &&
  // What a server means by it depends on the tools that it is known to have.
  event.code !== INVALID_PARAMS &&
  faultOf(event) === undefined;
