import { describe, expect, test } from 'vitest';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/receive/otlp/json.ts';
import { KeyTable } from '../../../collector/receive/otlp/key-table.ts';
import { decodeLogs, decodeTraces } from '../../../collector/receive/otlp/protobuf.ts';
import {
  MalformedError,
  type TelemetryRecord,
  TooLargeError,
} from '../../../collector/receive/otlp/record.ts';
import { Generator } from './generate.ts';
import { LogsRequest, referenceLogs, referenceTraces, TraceRequest } from './reference.ts';
import { toProtobuf } from './to-protobuf.ts';

const wanted = ['mcp.method.name', 'gen_ai.tool.name', 'error.type', 'a', '__proto__'];
const unwanted = ['http.route', 'mcp.method.nama', 'b', ''];
const keys = new KeyTable(wanted);
const wantedSet = new Set(wanted);
const everyKey = [...wanted, ...unwanted];

function collect(decode: (visit: (record: TelemetryRecord) => void) => number): TelemetryRecord[] {
  const records: TelemetryRecord[] = [];
  expect(decode((record) => records.push(record))).toBe(0);
  return records;
}
const traces = (bytes: Buffer) => collect((visit) => decodeTraces(bytes, keys, 1_000, visit));
const logs = (bytes: Buffer) => collect((visit) => decodeLogs(bytes, keys, 1_000, visit));
const tracesJson = (json: unknown) => collect((visit) => decodeTracesJson(json, keys, 1_000, visit));
const logsJson = (json: unknown) => collect((visit) => decodeLogsJson(json, keys, 1_000, visit));

/** JSON that went over the wire. */
const sent = (json: unknown) => JSON.parse(JSON.stringify(json));

describe('the protobuf decoder reads what protobufjs reads', () => {
  test('in 2,000 generated trace requests, and the JSON decoder reads the same', () => {
    const generator = new Generator(1);
    for (let i = 0; i < 2_000; i++) {
      const json = generator.traces(everyKey);
      const bytes = toProtobuf(TraceRequest, json);
      const records = traces(bytes);
      expect(records).toEqual(referenceTraces(bytes, wantedSet));
      expect(tracesJson(sent(json))).toEqual(records);
    }
  });

  test('in 2,000 generated log requests, and the JSON decoder reads the same', () => {
    const generator = new Generator(2);
    for (let i = 0; i < 2_000; i++) {
      const json = generator.logs(everyKey);
      const bytes = toProtobuf(LogsRequest, json);
      const records = logs(bytes);
      expect(records).toEqual(referenceLogs(bytes, wantedSet));
      expect(logsJson(sent(json))).toEqual(records);
    }
  });
});
