/** Takes out of a record what an event can hold. */
import { TEXT_LENGTH } from '../../catalogue/events.ts';
import { countValues } from '../json-bounds.ts';
import { type AttributeValue, STATUS_ERROR } from '../otlp/record.ts';
import { parseTime } from '../times.ts';
import type { RecordReader } from './record-reader.ts';
import type { Reading, Source } from './source.ts';

const UNIT_MS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `12ms`, `1.5s`, or a number in the source's unit. */
function durationOf(text: string | undefined, unit: 'ms' | 's' | 'ns' = 'ms'): number | undefined {
  const match = /^(\d+(?:\.\d+)?(?:e[-+]?\d+)?)(ns|us|µs|ms|s|m|h)?$/i.exec(text ?? '');
  if (!match) return undefined;
  return Number(match[1]) * UNIT_MS[(match[2]?.toLowerCase() ?? unit) as keyof typeof UNIT_MS];
}

/** RFC 3339, or a number since the epoch whose size tells its unit; 0 when it is neither. */
function timeOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d+(\.\d+)?$/.test(text)) return parseTime(text) ?? 0;
  const number = Number(text);
  // As seconds, 1e11 is in the year 5138; as milliseconds, 1e14 is; as microseconds, 1e17.
  if (number < 1e11) return number * 1_000;
  if (number < 1e14) return number;
  return number < 1e17 ? number / 1e3 : number / 1e6;
}

/** `claude-code/1.2 (…)`: the first product of a user agent and its version. */
function productOf(userAgent: string | undefined): readonly [string?, string?] {
  const match = /^([^\s/()]+)(?:\/([^\s()]+))?/.exec(userAgent ?? '');
  return match ? [match[1], match[2]] : [];
}

const METHOD_IN_NAME =
  /^(?:MCP send )?((?:tools|prompts|resources|tasks|completion|logging)\/[a-z/_]+|initialize)(?: (.+))?$/;
const CODE = /^-?\d{1,10}$/;
const INT32 = 2_147_483_648;

function codeOf(reader: RecordReader, errorType: string | undefined): number | undefined {
  return codeIn(reader.text('code')) ?? (errorType?.startsWith('-') ? codeIn(errorType) : undefined);
}

function codeIn(text: string | undefined): number | undefined {
  if (text === undefined || !CODE.test(text)) return undefined;
  const code = Number(text);
  // 0 is gRPC's OK, and means nothing in JSON-RPC.
  return code !== 0 && code >= -INT32 && code < INT32 ? code : undefined;
}

function statusOf(reader: RecordReader, errorType: string | undefined): number | undefined {
  return reader.number('httpStatus') ?? (/^[45]\d\d$/.test(errorType ?? '') ? Number(errorType) : undefined);
}

/** Times of records without their own: the end, else the start and the duration. */
function timesOf(reader: RecordReader, source: Source): { timeMs: number; durationMs: number | undefined } {
  const { record } = reader;
  const durationMs = record.durationMs ?? durationOf(reader.text('duration'), source.durationUnit);
  if (record.timeMs !== 0) return { timeMs: record.timeMs, durationMs };
  const ended = timeOf(reader.text('time'));
  if (ended !== 0) return { timeMs: ended, durationMs };
  const started = timeOf(reader.text('startTime'));
  return { timeMs: started === 0 ? 0 : started + (durationMs ?? 0), durationMs };
}

/** The `Mcp-Name` header carries names beyond ASCII as `=?base64?…?=`. */
function decodedName(name: string | undefined): string | undefined {
  if (!name?.startsWith('=?')) return name;
  const encoded = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/.exec(name)?.[1];
  return encoded === undefined ? name : Buffer.from(encoded, 'base64').toString();
}

export function read(reader: RecordReader, source: Source): Reading {
  const { record } = reader;
  const errorType = reader.text('errorType');
  const method = reader.text('method');
  const tool = decodedName(reader.text('tool'));
  const named =
    method === undefined || tool === undefined
      ? METHOD_IN_NAME.exec(record.name.slice(0, TEXT_LENGTH))
      : undefined;
  const clientName = reader.text('clientName');
  const [product, version] = clientName === undefined ? productOf(reader.text('userAgent')) : [];
  const times = timesOf(reader, source);
  return {
    method: method ?? named?.[1],
    tool: tool ?? named?.[2],
    server: reader.text('server'),
    clientName: clientName ?? product,
    clientVersion: reader.text('clientVersion') ?? version,
    user: reader.text('user'),
    address: reader.text('address'),
    timeMs: times.timeMs,
    durationMs: times.durationMs,
    code: codeOf(reader, errorType),
    httpStatus: statusOf(reader, errorType),
    errorType,
    errorMessage: reader.text('errorMessage') ?? (record.statusMessage || undefined),
    failed: record.status === STATUS_ERROR || errorType !== undefined,
    toolError: errorType === 'tool_error' || reader.text('isToolError') === 'true',
    resultType: reader.text('resultType'),
    meaning: undefined,
    verdicts: [],
    isCall: true,
  };
}

/** A payload as JSON has it. A string that holds JSON is that JSON, unless it is nested deeper than `maxDepth`. */
export function payloadOf(value: AttributeValue | undefined, maxDepth: number): unknown {
  if (typeof value !== 'string') return value === undefined ? undefined : plain(value);
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return countValues(parsed, maxDepth) === undefined ? value : parsed;
  } catch {
    return value;
  }
}

/** A value of OTLP as plain JSON. */
export function plain(value: AttributeValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
