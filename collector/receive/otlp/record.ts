/** One telemetry record, whatever it came as: a span, an OTLP log record, or one line of a JSON log. */
import type { AttributeList } from './attribute-list.ts';

/** A value as OTLP's AnyValue knows it. Integers beyond 2^53 and bytes (in base64) are strings. */
export type AttributeValue = string | number | boolean | null | readonly AttributeValue[] | Attributes;
/** What maps and lists of attributes have in common. */
export interface Attributes extends Iterable<[string, AttributeValue]> {
  readonly size: number;
  get(key: string): AttributeValue | undefined;
  has(key: string): boolean;
}

/** OTLP's `SpanKind`. */
export const SPAN_KIND = { unspecified: 0, internal: 1, server: 2, client: 3 } as const;
/** OTLP's `StatusCode` of a failed span. */
export const STATUS_ERROR = 2;

export interface TelemetryRecord {
  readonly signal: 'span' | 'log' | 'line';
  /** Name of the instrumentation scope: the library that made the record. */
  readonly scope: string;
  /** Attributes of the resource: the process that sent the record. */
  readonly resource: AttributeList;
  /** The span's name or the log record's event name. */
  readonly name: string;
  readonly kind: number;
  /** Lower-case hex as sent, whatever its length; empty where there is none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly hasParent: boolean;
  /** Whether the parent is in another process; undefined where the sender does not say. */
  readonly parentIsRemote: boolean | undefined;
  /** End of the span, time of the log, in milliseconds since the epoch; 0 where there is none. */
  readonly timeMs: number;
  /** End less start; negative when the sender's clock went back; undefined without a start. */
  readonly durationMs: number | undefined;
  readonly status: number;
  readonly statusMessage: string;
  readonly attributes: AttributeList;
  /** Attributes of the span's events; of two with the same key, the later. */
  readonly eventAttributes: AttributeList;
  /** Body of a log record. */
  readonly body: AttributeValue;
}

/** Arrays and maps inside a value may be this deep. */
export const VALUE_DEPTH = 16;
/** Values inside the arrays and maps of one record. */
export const VALUES_PER_RECORD = 10_000;

/** The bytes are not what they claim to be: 400. */
export class MalformedError extends Error {}
/** The record is larger than any sender makes it: 413. */
export class TooLargeError extends Error {}

/** What a decoder keeps: attributes that some source's file names. All else is skipped unread. */
export interface WantedKeys {
  has(key: string): boolean;
}
