/** Exporters as tests make them up: each writes its spans in a way of its own, nearly all alike, and some of them odd. */
import type { Generator } from './generate.ts';
import { fixed32, fixed64, message, number } from './wire-writer.ts';

/** Writes one request. */
type Exporter = (generator: Generator) => Buffer;

const EXPORTERS = 30;
const NOW_NS = 1_795_000_000_000_000_000n;
const scopes = [
  'mcp-server',
  'mcp-server',
  'mcp-server',
  'mcp-python-sdk',
  'fastmcp',
  'fastmcp',
  'Experimental.ModelContextProtocol',
  '@traceloop/instrumentation-mcp',
  '',
];
const oddValues = [
  '',
  '-',
  '***REDACTED***',
  'größe',
  '工具',
  '__proto__',
  'a'.repeat(140),
  'a'.repeat(300),
  '2026-07-28',
  '2025-11-25',
  '-32602',
  '-32603',
  'timeout',
  '404',
  'unknown tool: add',
  'claude-code/1.2 (x)',
  'curl',
  'tools/list',
  'initialize',
  '=?base64?YWRk?=',
];
/** What spans have in some exporter, and values that nearly all have. */
const attributes: readonly (readonly [key: string, share: number, values: readonly (string | number)[]])[] = [
  ['mcp.method.name', 0.95, ['tools/call']],
  ['gen_ai.tool.name', 0.9, ['add', 'search', 'files_read', 'documents_search_in_folder']],
  ['gen_ai.operation.name', 0.5, ['execute_tool']],
  ['mcp.session.id', 0.95, ['session-one', 'session-two', '7d9f2c1e-55aa-4c1b-9d3f-000000000001', 'other']],
  ['mcp.protocol.version', 0.5, ['2025-06-18', '2025-11-25']],
  ['jsonrpc.request.id', 0.4, ['1', '2', '34']],
  ['network.transport', 0.4, ['tcp']],
  ['client.address', 0.5, ['10.0.0.1', '10.0.0.2']],
  ['client.port', 0.4, [52_044, 7]],
  ['mcp.client.name', 0.5, ['desk', 'claude-code']],
  ['mcp.client.version', 0.3, ['1.0', '1.1']],
  ['user_agent.original', 0.3, ['claude-code/1.2 (x)', 'curl/8.1']],
  ['enduser.id', 0.5, ['ann', 'https://login.example/tenants/4e1f0-northwind-traders/users/00000167']],
  ['mcp.server.name', 0.3, ['files', 'documents']],
  ['deployment.environment.name', 0.2, ['production']],
  ['gen_ai.conversation.id', 0.3, ['conversation-1', 'conversation-2']],
  ['mcp.request.size', 0.6, [0, 1, 127, 128, 40_000, 2 ** 28, 2 ** 35, 2 ** 40]],
  ['mcp.response.size', 0.6, [0, 5, 300, 2_000_000]],
  ['error.type', 0.1, ['tool_error', '-32602', 'timeout', 'cancelled', 'ValueError']],
  ['rpc.response.status_code', 0.1, [-32_602, -32_603, -32_001, 0, '-32602', '-32000']],
  ['http.response.status_code', 0.1, [200, 404, 429, 503, '200']],
  ['mcp.tool.result.is_error', 0.1, ['true', 'false']],
  ['rpc.jsonrpc.request_id', 0.1, ['7', '8']],
  ['service.name', 0.1, ['of-the-span', 'another']],
  ['duration_ms', 0.1, [12, '12ms']],
  ['gen_ai.tool.call.arguments', 0.05, ['{"a":1}']],
  ['traceloop.entity.name', 0.05, ['add']],
  ['mcp.target', 0.03, ['files']],
  ['http.route', 0.4, ['/mcp', '/']],
];

const value = (of: string | number | boolean): Buffer => {
  if (typeof of === 'boolean') return number(2, of ? 1 : 0);
  return typeof of === 'number' ? number(3, of) : message(1, of);
};

function attribute(generator: Generator, key: string, values: readonly (string | number)[]): Buffer {
  if (generator.chance(0.01)) return message(9, message(1, key));
  const odd = generator.chance(0.01);
  const written = odd
    ? generator.pick<string | number | boolean>([...oddValues, -1, true])
    : generator.pick(values);
  const lengthBytes = generator.chance(0.005) ? 2 : 1;
  const parts = [message(1, key), message(2, value(written), lengthBytes)];
  if (generator.chance(0.003)) parts.reverse();
  return message(9, Buffer.concat(parts), lengthBytes);
}

/** Shuffles what `list` has, for whole exporters and, now and then, for one span. */
const shuffled = <T>(generator: Generator, list: readonly T[]): T[] =>
  list
    .map((one) => [generator.random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);

export function exporters(generator: Generator): Exporter[] {
  return Array.from({ length: EXPORTERS }, () => {
    // A session's attributes go together, so most have one value where senders have thousands of sessions.
    const own = attributes
      .filter(([, share]) => generator.chance(share))
      .map(([key, share, values]) => {
        const few = values.filter(() => generator.chance(0.4));
        return [key, share, few.length === 0 ? values.slice(0, 1) : few] as const;
      });
    const keys = generator.chance(0.3) ? shuffled(generator, own) : own;
    const kind = generator.pick([2, 2, 2, 2, 3, 3, 1]);
    const scope = generator.pick(scopes);
    const isShuffled = generator.chance(0.2);
    const hasStatus = generator.chance(0.7);
    const flags = generator.pick([undefined, 0x101, 0x301]);
    const hasParent = generator.chance(0.5);
    const resources = Array.from({ length: 2 }, (_, n) => {
      const own = [message(1, keyValue('service.name', `server-${generator.below(100)}-${n}`))];
      if (generator.chance(0.5)) own.push(message(1, keyValue('deployment.environment.name', 'test')));
      if (generator.chance(0.1)) own.push(message(1, keyValue('mcp.response.size', '9')));
      if (generator.chance(0.1)) own.push(message(1, keyValue('mcp.session.id', 'of-the-process')));
      return message(1, Buffer.concat(own));
    });
    const traces = Array.from({ length: 4 }, () => generator.bytes(16));
    const span = (use: Generator): Buffer => {
      const end = NOW_NS + BigInt(use.below(5_000)) * 1_000_000n;
      const took =
        BigInt(use.pick([0, 1, 20_000, 999, -5, 700_000_000])) * 1_000_000n + BigInt(use.below(1e6));
      const tool = use.pick(['add', 'search']);
      const fields = [
        message(1, use.chance(0.98) ? use.pick(traces) : use.bytes(use.pick([0, 8, 16, 17]))),
        message(2, use.chance(0.98) ? use.bytes(8) : Buffer.alloc(use.pick([0, 8, 9]))),
        ...(hasParent ? [message(4, use.bytes(8))] : []),
        message(5, `tools/call ${tool}`),
        number(6, use.chance(0.98) ? kind : use.below(300)),
        fixed64(7, use.chance(0.98) ? end - took : 0n),
        fixed64(8, use.chance(0.98) ? end : use.pick([0n, 1n, 2n ** 64n - 1n])),
        ...keys.filter(() => use.chance(0.98)).map(([key, , values]) => attribute(use, key, values)),
        ...(use.chance(0.01) ? [attribute(use, use.pick(attributes)[0], ['twice'])] : []),
        ...(use.chance(0.01) ? [message(11, message(3, keyValue('error.type', 'of-the-event')))] : []),
        ...(use.chance(0.01) ? [message(3, 'vendor=state'), number(10, 2)] : []),
        ...(hasStatus ? [message(15, use.chance(0.8) ? '' : failed(use))] : []),
        ...(flags === undefined ? [] : [fixed32(16, use.chance(0.98) ? flags : 0xffff_ffff)]),
      ];
      return message(2, Buffer.concat(isShuffled || use.chance(0.01) ? shuffled(use, fields) : fields));
    };
    return (use) => {
      const spans = Array.from({ length: 1 + use.below(8) }, () => span(use));
      const scoped = message(2, Buffer.concat([message(1, message(1, scope)), ...spans]));
      const parts = [message(1, Buffer.concat([use.pick(resources).subarray(0)])), scoped];
      if (use.chance(0.02)) parts.reverse();
      if (use.chance(0.02)) parts.push(message(1, keyValueOf('service.name', 'later')));
      return message(1, Buffer.concat(parts));
    };
  });
}

const keyValue = (key: string, text: string) =>
  Buffer.concat([message(1, key), message(2, message(1, text))]);
const keyValueOf = (key: string, text: string) => message(1, keyValue(key, text));
const failed = (use: Generator) =>
  Buffer.concat([
    ...(use.chance(0.7)
      ? [message(2, use.pick(['the tool failed', 'unknown tool: add', '', 'x'.repeat(200)]))]
      : []),
    number(3, use.pick([2, 2, 1, 0])),
  ]);
