/**
 * What a source is: one thing that reports about MCP, described as data. A file of this folder describes one source;
 * `registry.ts` is their table of contents, `normalise.ts` the one place where records become events.
 */
import type { Perspective } from '../../catalogue/events.ts';
import type {
  AuthFailureReason,
  Capability,
  Decision,
  Direction,
  Fault,
  Outcome,
} from '../../catalogue/labels.ts';
import type { TelemetryRecord } from '../otlp/record.ts';

/** Kinds of record a source sends; a kind without a perspective is not about calls, or repeats another record. */
export type RecordKind = 'server' | 'client' | 'internal' | 'log' | 'line';

/** How a source's records are told from others': all conditions that are given must hold. */
export interface Detection {
  /** Names of instrumentation scopes. */
  readonly scopes?: readonly string[];
  /** Start of the scope's name. */
  readonly scopePrefix?: string;
  /** Attributes of which at least one is there. */
  readonly anyOf?: readonly string[];
  /** Span or event names. */
  readonly name?: RegExp;
}

/** What an event can take from a record, by the attributes that hold it, first match first. */
export type Field =
  | 'method'
  | 'tool'
  | 'server'
  | 'clientName'
  | 'clientVersion'
  | 'userAgent'
  | 'user'
  | 'address'
  | 'environment'
  | 'session'
  | 'conversation'
  | 'protocolVersion'
  | 'requestId'
  | 'traceId'
  | 'spanId'
  | 'traceparent'
  | 'time'
  | 'startTime'
  | 'duration'
  | 'code'
  | 'httpStatus'
  | 'errorType'
  | 'errorMessage'
  | 'isToolError'
  | 'resultType'
  | 'arguments'
  | 'result'
  | 'requestBytes'
  | 'responseBytes';

export interface Meaning {
  readonly outcome: Outcome;
  readonly fault: Fault;
}

/** What a security control said about the call. */
export type Verdict =
  | {
      readonly kind: 'policy';
      readonly decision: Decision;
      readonly policy?: string;
      readonly reason?: string;
    }
  | { readonly kind: 'block'; readonly rule: string; readonly direction?: Direction }
  | { readonly kind: 'auth'; readonly reason: AuthFailureReason };

/** What a record says, in our words. A source's `refine` may correct it before it becomes events. */
export interface Reading {
  method: string | undefined;
  tool: string | undefined;
  server: string | undefined;
  clientName: string | undefined;
  clientVersion: string | undefined;
  user: string | undefined;
  address: string | undefined;
  timeMs: number;
  durationMs: number | undefined;
  code: number | undefined;
  httpStatus: number | undefined;
  errorType: string | undefined;
  errorMessage: string | undefined;
  /** The source says that the call failed, though perhaps not how. */
  failed: boolean;
  toolError: boolean;
  resultType: string | undefined;
  /** Set by a source that knows better than the codes. */
  meaning: Meaning | undefined;
  verdicts: Verdict[];
  /** False for a record that reports a decision about a call and not the call. */
  isCall: boolean;
}

export interface Source {
  /** Value of the label `source`; also the name of its route, its fixture and its page. */
  readonly name: string;
  readonly title: string;
  /** Without it, records come by the source's own route only. */
  readonly detect?: Detection;
  readonly perspective: Readonly<Partial<Record<RecordKind, Perspective>>>;
  /** Spans of kind INTERNAL that are calls; without it, all for which there is a perspective. */
  readonly internalSpans?: RegExp;
  /** What the source can show when it is configured as its page says. */
  readonly sees: readonly Capability[];
  /** Attributes that only this source uses, read before the common ones. */
  readonly fields?: Readonly<Partial<Record<Field, readonly string[]>>>;
  /** Fields that this source fills with something else. */
  readonly without?: readonly Field[];
  /** Attributes that `refine` reads by itself. */
  readonly also?: readonly string[];
  readonly durationUnit?: 'ms' | 's' | 'ns';
  /** What JSON-RPC codes mean here, where that differs from the specification. */
  readonly codes?: ReadonlyMap<number, Meaning | Verdict>;
  /** What an error means that has a type but neither a code nor another sign. Default: the tool failed. */
  readonly exception?: Meaning;
  /** The session id is made up anew by each handler, so only one seen at `initialize` is a session's. */
  readonly sessionIdPerHandler?: boolean;
  /** Trace and span id are those of the call's own span, so they tell a repeated record. */
  readonly idFromSpan?: boolean;
  readonly refine?: (reading: Reading, get: Get, record: TelemetryRecord) => void;
  /** Cuts one line into as many as it has calls. */
  readonly split?: (line: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>[];
}

/** Reads an attribute of the record as text; undefined when it is absent or empty. */
export type Get = (key: string) => string | undefined;
