/** Makes a record of one line of a JSON log: nested objects become dotted names, as OTLP attributes have them. */
import { AttributeList, NO_ATTRIBUTES } from '../otlp/attribute-list.ts';
import {
  type AttributeValue,
  type TelemetryRecord,
  TooLargeError,
  VALUE_DEPTH,
  VALUES_PER_RECORD,
  type WantedKeys,
} from '../otlp/record.ts';
import { plain } from './read.ts';

type Json = Readonly<Record<string, unknown>>;

/** Of a log line, in UTF-16 code units; a longer text is no audit event. */
const LONGEST_JSON_BODY = 256 * 1024;

/** Longer than the name of any attribute that a source asks for. */
const LONGEST_NAME = 256;

export function lineRecord(line: Json, keys: WantedKeys): TelemetryRecord {
  const attributes = new AttributeList();
  flatten(line, '', 0, keys, attributes, { left: VALUES_PER_RECORD });
  return {
    signal: 'line',
    scope: '',
    resource: NO_ATTRIBUTES,
    name: '',
    kind: 0,
    traceId: '',
    spanId: '',
    hasParent: false,
    parentIsRemote: undefined,
    timeMs: 0,
    durationMs: undefined,
    status: 0,
    statusMessage: '',
    attributes,
    eventAttributes: NO_ATTRIBUTES,
    body: null,
  };
}

/** A log record whose body is an object, or a text that is one, has the body's fields as attributes too. */
export function withBody(record: TelemetryRecord, keys: WantedKeys): TelemetryRecord {
  const body = objectIn(record.body);
  if (body === undefined) return record;
  const attributes = new AttributeList();
  flatten(body, '', 0, keys, attributes, { left: VALUES_PER_RECORD });
  for (const [key, value] of record.attributes) attributes.set(key, value);
  return { ...record, attributes };
}

function objectIn(body: AttributeValue): Json | undefined {
  if (body instanceof Map) return plain(body) as Json;
  if (typeof body !== 'string' || !body.startsWith('{') || body.length > LONGEST_JSON_BODY) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Adds the wanted values inside an object. What lies deeper than any source looks is left out. */
export function flatten(
  object: Json,
  prefix: string,
  depth: number,
  keys: WantedKeys,
  into: AttributeList,
  budget: { left: number },
): void {
  for (const name of Object.keys(object)) {
    if (--budget.left < 0) throw new TooLargeError(`a record has more than ${VALUES_PER_RECORD} values`);
    const key = `${prefix}${name}`;
    // Else each of the many fields inside a long name would cost the reading of the whole name.
    if (key.length > LONGEST_NAME) continue;
    const value = object[name];
    if (keys.has(key)) into.set(key, attributeOf(value, 0, budget));
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < VALUE_DEPTH) {
      flatten(value as Json, `${key}.`, depth + 1, keys, into, budget);
    }
  }
}

function attributeOf(value: unknown, depth: number, budget: { left: number }): AttributeValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null || depth > VALUE_DEPTH) return null;
  const entries = Object.entries(value);
  budget.left -= entries.length;
  if (budget.left < 0) throw new TooLargeError(`a record has more than ${VALUES_PER_RECORD} values`);
  if (Array.isArray(value)) return value.map((element) => attributeOf(element, depth + 1, budget));
  return new Map(entries.map(([key, inner]) => [key, attributeOf(inner, depth + 1, budget)]));
}
