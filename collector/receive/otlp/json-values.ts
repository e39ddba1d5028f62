/** The values of OTLP/JSON, checked: what is absent or null has protobuf's default, what has the wrong type is an error. */
import type { ValueBudget } from './attributes.ts';
import {
  type Attributes,
  type AttributeValue,
  MalformedError,
  TooLargeError,
  VALUE_DEPTH,
  VALUES_PER_RECORD,
  type WantedKeys,
} from './record.ts';
import { LONGEST_ID_BYTES } from './wire.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A 64-bit number in two 32-bit words. */
export interface Words {
  readonly low: number;
  readonly high: number;
}

const EMPTY: Json = Object.freeze(Object.create(null));
const UINT64 = 1n << 64n;
const INT64 = 1n << 63n;
const NON_FINITE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

const wrong = (name: string, must: string) => new MalformedError(`${name} must be ${must}`);
const absent = (value: unknown): value is null | undefined => value === undefined || value === null;

export function objectOf(value: unknown, name: string): Json {
  if (absent(value)) return EMPTY;
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, 'an object');
  return value as Json;
}

export function listOf(object: Json, name: string): readonly unknown[] {
  const value = object[name];
  if (absent(value)) return [];
  if (!Array.isArray(value)) throw wrong(name, 'an array');
  return value;
}

export function stringOf(object: Json, name: string): string {
  const value = object[name];
  if (absent(value)) return '';
  if (typeof value !== 'string') throw wrong(name, 'a string');
  return value;
}

/** An id in lower case. Its form is for the reader of the record to judge, since one bad id must not cost the request. */
export function hexOf(object: Json, name: string): string {
  return stringOf(object, name)
    .slice(0, 2 * (LONGEST_ID_BYTES + 1))
    .toLowerCase();
}

/** An enum or a flag word: the specification wants its number, not its name. */
export function enumOf(object: Json, name: string): number {
  const value = object[name];
  if (absent(value)) return 0;
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > 0xffff_ffff) {
    throw wrong(name, 'an integer');
  }
  return value | 0;
}

/** A time in nanoseconds; undefined when it is absent or 0, which OTLP uses for unknown. */
export function nanosecondsOf(object: Json, name: string): Words | undefined {
  const value = object[name];
  if (absent(value)) return undefined;
  const nanoseconds = integerOf(value);
  if (nanoseconds === undefined || nanoseconds < 0n || nanoseconds >= UINT64) {
    throw wrong(name, 'nanoseconds since the epoch, as a number or its digits in a string');
  }
  if (nanoseconds === 0n) return undefined;
  return { low: Number(nanoseconds & 0xffff_ffffn), high: Number(nanoseconds >> 32n) };
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** Reads `attributes` of a resource, span, event or log record into `into`, those that are wanted. */
export function readAttributes(
  object: Json,
  into: { set(key: string, value: AttributeValue): unknown },
  keys: WantedKeys | undefined,
  budget: ValueBudget,
  depth = 0,
  field = 'attributes',
): void {
  for (const attribute of listOf(object, field)) {
    const entry = objectOf(attribute, field);
    const key = stringOf(entry, 'key');
    if (!keys || keys.has(key)) into.set(key, readAnyValue(entry.value, budget, depth));
  }
}

export function readAnyValue(value: unknown, budget: ValueBudget, depth: number): AttributeValue {
  if (depth > VALUE_DEPTH) throw new MalformedError(`a value is nested deeper than ${VALUE_DEPTH}`);
  if (--budget.left < 0) throw new TooLargeError(`a record has more than ${VALUES_PER_RECORD} values`);
  const any = objectOf(value, 'value');
  if (!absent(any.stringValue)) return stringOf(any, 'stringValue');
  if (!absent(any.intValue)) return intOf(any.intValue);
  if (!absent(any.boolValue)) {
    if (typeof any.boolValue !== 'boolean') throw wrong('boolValue', 'true or false');
    return any.boolValue;
  }
  if (!absent(any.doubleValue)) return doubleOf(any.doubleValue);
  if (!absent(any.arrayValue)) {
    const values = listOf(objectOf(any.arrayValue, 'arrayValue'), 'values');
    return values.map((element) => readAnyValue(element, budget, depth + 1));
  }
  if (!absent(any.kvlistValue)) return mapOf(objectOf(any.kvlistValue, 'kvlistValue'), budget, depth + 1);
  if (!absent(any.bytesValue)) {
    return Buffer.from(stringOf(any, 'bytesValue'), 'base64').toString('base64');
  }
  return null;
}

function mapOf(list: Json, budget: ValueBudget, depth: number): Attributes {
  const map = new Map<string, AttributeValue>();
  readAttributes(list, map, undefined, budget, depth, 'values');
  return map;
}

function intOf(value: unknown): number | string {
  const integer = integerOf(value);
  if (integer === undefined || integer < -INT64 || integer >= INT64) {
    throw wrong('intValue', 'a 64-bit integer, as a number or its digits in a string');
  }
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer.toString();
}

function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    const named = NON_FINITE.get(value);
    if (named !== undefined) return named;
    if (/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(value)) return Number(value);
  }
  throw wrong('doubleValue', 'a number');
}
