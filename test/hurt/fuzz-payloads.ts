/** What the fuzz sends: a sound payload for every route, of which copies are damaged. The same ones for the same seed. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { eventKinds } from '../../collector/catalogue/events.ts';
import { lineSources } from '../../collector/receive/sources/registry.ts';
import type { Generator } from '../collector/otlp/generate.ts';
import { LogsRequest, TraceRequest } from '../collector/otlp/reference.ts';
import { toProtobuf } from '../collector/otlp/to-protobuf.ts';
import { toolCall } from '../collector/running.ts';
import { fixtures } from '../collector/sources/fixtures.ts';

export interface Payload {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';
const NDJSON = 'application/x-ndjson';
const KEYS = ['mcp.method.name', 'gen_ai.tool.name', 'error.type', 'mcp.session.id', '__proto__'];
const ADDED_HEADERS = [
  ['content-encoding', 'gzip'],
  ['content-encoding', 'zstd'],
  ['content-encoding', 'deflate, gzip'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', '='],
  ['mcp-lookout-dropped-events', '99999999999999999999'],
  ['authorization', 'Bearer \u00ff'],
  ['x-long', 'x'.repeat(17_000)],
] as const;

function nativeEvents(): object[] {
  const { duration_ms, outcome, tool, ...common } = toolCall();
  const own: Record<string, object> = {
    tool_call: { tool, outcome, duration_ms, arguments: { path: ['a', { b: 1 }] }, result: 'text' },
    session_end: { reason: 'done' },
    policy_decision: { tool, decision: 'deny', policy: 'p' },
    dlp_block: { tool, rule: 'pii', direction: 'response' },
    auth_failure: { source: '192.0.2.1', reason: 'invalid_token' },
    tool_list: { tools: [{ name: 'read', description_hash: 'a'.repeat(64), schema_hash: 'b'.repeat(64) }] },
  };
  return eventKinds.map((kind) => ({ ...common, ...own[kind], kind, id: `${kind}-${common.id}` }));
}

export function payloads(generator: Generator): Payload[] {
  const all: Payload[] = [];
  const add = (path: string, type: string, bytes: Buffer | string) =>
    all.push({ path, type, bytes: Buffer.from(bytes) });
  for (let i = 0; i < 20; i++) {
    const events = nativeEvents();
    add('/v1/events', JSON_TYPE, JSON.stringify(events));
    add('/v1/events', JSON_TYPE, JSON.stringify(generator.pick(events)));
    add('/v1/events', NDJSON, events.map((event) => JSON.stringify(event)).join('\n'));
    const [traces, logs] = [generator.traces(KEYS), generator.logs(KEYS)];
    add('/v1/traces', JSON_TYPE, JSON.stringify(traces));
    add('/v1/traces', PROTOBUF, toProtobuf(TraceRequest, traces));
    add('/v1/logs', JSON_TYPE, JSON.stringify(logs));
    add('/v1/logs', PROTOBUF, toProtobuf(LogsRequest, logs));
    add('/v1/metrics', PROTOBUF, generator.bytes(50));
  }
  const lines = fixtures.flatMap(({ cases }) => cases.flatMap(({ line }) => (line ? [line] : [])));
  for (const source of [...lineSources, 'nobody', '__proto__']) {
    add(`/v1/sources/${source}`, NDJSON, lines.map((line) => JSON.stringify(line)).join('\n'));
    add(`/v1/sources/${source}`, JSON_TYPE, JSON.stringify(generator.pick(lines)));
  }
  return all;
}

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** A payload that is damaged, compressed or misdeclared, or left as it is. */
export function fuzzed(generator: Generator, { path, type, bytes }: Payload): FuzzedRequest {
  let body = bytes;
  const headers: Record<string, string> = { 'content-type': type };
  if (generator.chance(0.05)) body = generator.bytes(generator.below(2_000));
  else if (type === JSON_TYPE && generator.chance(0.5)) body = generator.scramble(bytes);
  else if (generator.chance(0.8)) body = generator.damage(bytes);
  if (generator.chance(0.1)) {
    const [encoding, compress] = generator.pick([
      ['gzip', gzipSync] as const,
      ['zstd', zstdCompressSync] as const,
    ]);
    headers['content-encoding'] = encoding;
    body = compress(body);
    if (generator.chance(0.5)) body = generator.damage(body);
  }
  if (generator.chance(0.05)) {
    const [name, value] = generator.pick(ADDED_HEADERS);
    headers[name] = value;
  }
  // Headers that are too large are refused before their method is known, with a body, which HEAD must not have.
  const method =
    generator.chance(0.95) || headers['x-long']
      ? 'POST'
      : generator.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'GET', 'TRACE', 'QUERY']);
  return { method, path: generator.chance(0.95) ? path : oddPath(generator, path), headers, body };
}

/** A path that is written otherwise, or is another. */
export function oddPath(generator: Generator, path: string): string {
  return generator.pick([
    `${path}/`,
    `/${path}`,
    `${path}?x=%00&x=${'y'.repeat(500)}`,
    path.toUpperCase(),
    `${path}/../../etc/passwd`,
    `${path}%2f..%2f`,
    `${path}%zz`,
    `${path}%c0%ae`,
    `/${'a/'.repeat(2_000)}`,
    `${path};x=y`,
    '*',
    'http://example.org/v1/events',
    `/${generator.bytes(20).toString('hex')}`,
    '/v1/sources/',
    '/v1/sources/%F0%9F%98%80',
  ]);
}
