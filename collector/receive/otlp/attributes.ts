/** OTLP's KeyValue and AnyValue out of the wire format. Field numbers are those of opentelemetry-proto's `common.proto`. */
import type { AttributeList } from './attribute-list.ts';
import type { KeyTable } from './key-table.ts';
import {
  type Attributes,
  type AttributeValue,
  MalformedError,
  TooLargeError,
  VALUE_DEPTH,
  VALUES_PER_RECORD,
} from './record.ts';
import { WIRE, type WireReader } from './wire.ts';

export const KEY_VALUE = { key: 1, value: 2 } as const;
export const ANY_VALUE = { string: 1, bool: 2, int: 3, double: 4, array: 5, map: 6, bytes: 7 } as const;

/** Values left for the record being read. */
export interface ValueBudget {
  left: number;
}

export const freshBudget = (): ValueBudget => ({ left: VALUES_PER_RECORD });

/** Reads one KeyValue into `into`, if its key is wanted; without `keys`, all are. */
export function readKeyValue(
  reader: WireReader,
  into: { set(key: string, value: AttributeValue): unknown },
  keys: KeyTable | undefined,
  budget: ValueBudget,
  depth: number,
): void {
  const outer = reader.enter();
  let key = keys ? undefined : '';
  let value: AttributeValue = null;
  // The key may stand behind the value on the wire, though no known sender writes it so.
  let skippedAt = -1;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === KEY_VALUE.key) {
      const start = reader.slice();
      key = keys
        ? keys.find(reader.view, start, reader.position)
        : reader.bytes.toString('utf8', start, reader.position);
    } else if (field === KEY_VALUE.value) {
      skippedAt = key === undefined ? reader.position : -1;
      if (key === undefined) reader.slice();
      else value = readAnyValue(reader, budget, depth);
    } else reader.skip();
  }
  if (key !== undefined) {
    into.set(key, skippedAt < 0 ? value : readValueAt(reader, skippedAt, budget, depth));
  }
  reader.leave(outer);
}

function readValueAt(reader: WireReader, at: number, budget: ValueBudget, depth: number): AttributeValue {
  const { position } = reader;
  reader.position = at;
  reader.wireType = WIRE.bytes;
  const value = readAnyValue(reader, budget, depth);
  reader.position = position;
  return value;
}

/** Reads the AnyValue that follows. Of several values on the wire the last holds, as in any `oneof`. */
export function readAnyValue(reader: WireReader, budget: ValueBudget, depth: number): AttributeValue {
  if (depth > VALUE_DEPTH) throw new MalformedError(`a value is nested deeper than ${VALUE_DEPTH}`);
  if (--budget.left < 0) throw new TooLargeError(`a record has more than ${VALUES_PER_RECORD} values`);
  const outer = reader.enter();
  let value: AttributeValue = null;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case ANY_VALUE.string:
        value = reader.string();
        break;
      case ANY_VALUE.bool:
        reader.varint();
        value = (reader.low | reader.high) !== 0;
        break;
      case ANY_VALUE.int:
        value = reader.int64();
        break;
      case ANY_VALUE.double:
        value = reader.double();
        break;
      case ANY_VALUE.array:
        value = readArray(reader, budget, depth + 1);
        break;
      case ANY_VALUE.map:
        value = readMap(reader, budget, depth + 1);
        break;
      case ANY_VALUE.bytes:
        value = reader.base64();
        break;
      default:
        reader.skip();
    }
  }
  reader.leave(outer);
  return value;
}

function readArray(reader: WireReader, budget: ValueBudget, depth: number): AttributeValue[] {
  const outer = reader.enter();
  const values: AttributeValue[] = [];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) values.push(readAnyValue(reader, budget, depth));
    else reader.skip();
  }
  reader.leave(outer);
  return values;
}

function readMap(reader: WireReader, budget: ValueBudget, depth: number): Attributes {
  const outer = reader.enter();
  const map = new Map<string, AttributeValue>();
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) readKeyValue(reader, map, undefined, budget, depth);
    else reader.skip();
  }
  reader.leave(outer);
  return map;
}

/** Reads the KeyValues that stand in one field of the message that follows. */
export function readAttributesOf(
  reader: WireReader,
  attributesField: number,
  into: AttributeList,
  keys: KeyTable,
  budget = freshBudget(),
): void {
  const outer = reader.enter();
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === attributesField) readKeyValue(reader, into, keys, budget, 0);
    else reader.skip();
  }
  reader.leave(outer);
}
