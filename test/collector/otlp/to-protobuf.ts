/** Writes OTLP/JSON as protobuf, by protobufjs: ids from hex, bytes from base64, non-finite numbers from their names. */
import type { Type } from 'protobufjs';

type Json = unknown;

const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

function convert(value: Json, key = ''): Json {
  if (typeof value === 'string') {
    if (IDS.has(key)) return Buffer.from(value, 'hex');
    if (key === 'bytesValue') return Buffer.from(value, 'base64');
    if (key === 'doubleValue') return Number(value);
    return value;
  }
  if (Array.isArray(value)) return value.map((element) => convert(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, convert(inner, name)]));
}

export function toProtobuf(type: Type, json: Json): Buffer {
  return Buffer.from(type.encode(type.fromObject(convert(json) as object)).finish());
}
