/**
 * Takes apart a span in the scratch without making anything of it: where its ids, times and sizes stand, and the runs of
 * bytes that decide the rest of its call.
 */
import { bytes, view } from '../../calls/scratch.ts';
import { wantedOfSpans } from '../../sources/registry.ts';
import type { SeenKey } from '../key-table.ts';
import { ROLE, roleOf } from './roles.ts';
import { Runs } from './runs.ts';

/** Tags of a Span's fields, of a KeyValue's and of an AnyValue's, as `trace.proto` and `common.proto` number them. */
const SPAN = {
  traceId: 0x0a,
  spanId: 0x12,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  start: 0x39,
  end: 0x41,
  attribute: 0x4a,
  status: 0x7a,
  /** The first of two bytes; no other field's begins like this one's and goes on with 1. */
  flags: 0x85,
} as const;
const KEY = 0x0a;
const VALUE = 0x12;
const STRING = 0x0a;
const INT = 0x18;
/** From here on a length, or a part of a number, is not the last byte of its varint. */
const MORE = 128;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const FIXED64_BYTES = 8;
const FIXED32_BYTES = 4;
const INT_BYTES = 5;
/** Values that are looked at for nothing but whether they are sound: a record may not have any number of them. */
const UNREAD = 64;

/** Numbers of runs that are no attributes'; those of attributes are their keys'. */
const NAME = -1;
const STATUS = -2;

for (const seen of wantedOfSpans.wanted) seen.role = roleOf(seen.key!);

export class SpanReader {
  /** Of the span that was read last: what decides its setting, and what the rest. */
  readonly setting = new Runs();
  readonly call = new Runs();
  /** Where its ids and times begin; -1 for those that it has not. */
  traceAt = -1;
  spanAt = -1;
  startAt = -1;
  endAt = -1;
  /** 0 where there is none. */
  requestBytes = 0;
  responseBytes = 0;
  /** Attributes that decide nothing. */
  #unread = 0;

  /** Reads the span that stands at a place of the scratch; false when it is not plain, or not sound. */
  read(from: number, to: number, secret: number): boolean {
    const { setting, call } = this;
    setting.start(secret);
    call.start(secret);
    this.traceAt = -1;
    this.spanAt = -1;
    this.startAt = -1;
    this.endAt = -1;
    this.requestBytes = 0;
    this.responseBytes = 0;
    this.#unread = 0;
    let kind = 0;
    let before = wantedOfSpans.first;
    let at = from;
    while (at < to) {
      switch (bytes[at]) {
        case SPAN.attribute: {
          let length = bytes[at + 1]!;
          at += 2;
          if (length >= MORE) {
            const high = bytes[at++]!;
            if (high >= MORE) return false;
            length = (length & (MORE - 1)) | (high << 7);
          }
          const end = at + length;
          const keyLength = bytes[at + 1]!;
          let value = at + 2 + keyLength;
          if (end > to || bytes[at] !== KEY || keyLength >= MORE || value + 2 > end) return false;
          const { next } = before;
          const key: SeenKey | undefined = next?.isAt(view, at + 2, keyLength)
            ? next
            : wantedOfSpans.findBehind(before, view, at + 2, keyLength);
          if (bytes[value] !== VALUE) return false;
          // One that is neither wanted nor remembered decides nothing.
          if (key !== undefined) before = key;
          let valueLength = bytes[value + 1]!;
          value += 2;
          if (valueLength >= MORE) {
            const high = bytes[value++]!;
            if (high >= MORE) return false;
            valueLength = (valueLength & (MORE - 1)) | (high << 7);
          }
          if (value + valueLength !== end) return false;
          if (key !== undefined && key.role !== 0 && !this.#attribute(key, value, end)) return false;
          at = end;
          break;
        }
        case SPAN.traceId:
          if (bytes[at + 1] !== TRACE_ID_BYTES) return false;
          this.traceAt = at + 2;
          at += 2 + TRACE_ID_BYTES;
          break;
        case SPAN.spanId:
          if (bytes[at + 1] !== SPAN_ID_BYTES) return false;
          this.spanAt = at + 2;
          at += 2 + SPAN_ID_BYTES;
          break;
        case SPAN.parentSpanId: {
          const length = bytes[at + 1]!;
          if (length >= MORE) return false;
          at += 2 + length;
          break;
        }
        case SPAN.name:
        case SPAN.status: {
          const number = bytes[at] === SPAN.name ? NAME : STATUS;
          let length = bytes[at + 1]!;
          at += 2;
          if (length >= MORE) {
            const high = bytes[at++]!;
            if (high >= MORE) return false;
            length = (length & (MORE - 1)) | (high << 7);
          }
          if (at + length > to || !call.add(number, at, length)) return false;
          at += length;
          break;
        }
        case SPAN.kind:
          kind = bytes[at + 1]!;
          if (kind >= MORE) return false;
          at += 2;
          break;
        case SPAN.start:
          this.startAt = at + 1;
          at += 1 + FIXED64_BYTES;
          break;
        case SPAN.end:
          this.endAt = at + 1;
          at += 1 + FIXED64_BYTES;
          break;
        case SPAN.flags:
          if (bytes[at + 1] !== 1) return false;
          at += 2 + FIXED32_BYTES;
          break;
        default:
          return false;
      }
    }
    return at === to && setting.add(kind, 0, 0) && call.add(kind, 0, 0);
  }

  #attribute({ role, number }: SeenKey, start: number, end: number): boolean {
    switch (role) {
      case ROLE.setting:
        return this.setting.add(number, start, end - start);
      case ROLE.call:
        return this.call.add(number, start, end - start);
      case ROLE.setting | ROLE.call:
        return this.setting.add(number, start, end - start) && this.call.add(number, start, end - start);
      case ROLE.setting | ROLE.mark:
        return this.setting.add(number, start, end - start) && this.call.add(number, 0, 0);
      case ROLE.mark:
        return isSound(start, end) && this.call.add(number, 0, 0);
      case ROLE.nothing:
        return isSound(start, end) && ++this.#unread <= UNREAD;
      // Zero is no size, and of two the later holds.
      case ROLE.requestBytes:
        if (this.requestBytes !== 0) return false;
        this.requestBytes = intAt(start, end);
        return this.requestBytes > 0;
      case ROLE.responseBytes:
        if (this.responseBytes !== 0) return false;
        this.responseBytes = intAt(start, end);
        return this.responseBytes > 0;
      default:
        return false;
    }
  }
}

/** The int that is all of a value; -1 when it is none, or a large one. */
function intAt(start: number, end: number): number {
  const length = end - start - 1;
  if (bytes[start] !== INT || length < 1 || length > INT_BYTES) return -1;
  let size = 0;
  let unit = 1;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < MORE !== (at === end - 1)) return -1;
    size += (byte & (MORE - 1)) * unit;
    unit *= MORE;
  }
  return size;
}

/** Whether a value is a short text or an int, as nearly all are. */
const isSound = (start: number, end: number): boolean =>
  bytes[start] === STRING
    ? end - start >= 2 && bytes[start + 1] === end - start - 2 && bytes[start + 1]! < MORE
    : intAt(start, end) >= 0;
