import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectorIgnored } from '../../../collector/catalogue/collector-metrics.ts';
import {
  authFailures,
  dlpBlocks,
  mcpMetrics,
  policyDecisions,
} from '../../../collector/catalogue/metrics.ts';
import { lineSources } from '../../../collector/receive/sources/registry.ts';
import { RunningCollector, testConfig } from '../running.ts';

let collector: RunningCollector;
beforeAll(async () => {
  const limits = { ...testConfig().limits, eventsPerRequest: 20 };
  collector = await RunningCollector.start(testConfig({ limits }));
});
afterAll(() => collector.end());

const post = (source: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  collector.request(`/v1/sources/${source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: body as BodyInit,
  });

let requests = 0;
const line = (changes: Record<string, unknown> = {}) => ({
  time: new Date().toISOString(),
  mcp_method: 'tools/call',
  mcp_name: 'read',
  server: 'files',
  status: 200,
  remote_addr: '192.0.2.1',
  request_id: `r-${requests++}`,
  ...changes,
});
const ndjson = (...lines: object[]) => lines.map((one) => `${JSON.stringify(one)}\n`).join('');

describe('lines of a source', () => {
  test('come as NDJSON, an array or one object, compressed or not', async () => {
    const json = { 'content-type': 'application/json' };
    expect(await post('access_log', ndjson(line(), line()))).toMatchObject({
      status: 202,
      body: { accepted: 2 },
    });
    expect(await post('access_log', JSON.stringify([line(), line()]), json)).toMatchObject({
      body: { accepted: 2 },
    });
    expect(await post('access_log', JSON.stringify(line()), json)).toMatchObject({ body: { accepted: 1 } });
    const gzip = { 'content-encoding': 'gzip' };
    expect(await post('access_log', gzipSync(ndjson(line())), gzip)).toMatchObject({ body: { accepted: 1 } });
  });

  test('that are equal in one request count each, and a repeated request counts nothing', async () => {
    const same = line({ request_id: undefined });
    const body = ndjson(same, same, same);
    expect(await post('access_log', body)).toMatchObject({ body: { accepted: 3, duplicates: 0 } });
    expect(await post('access_log', body)).toMatchObject({ body: { accepted: 0, duplicates: 3 } });
  });

  test('that are broken, old or no object are told by their place and cost the others nothing', async () => {
    const body = `${ndjson(line())}{"half\n[1]\n${ndjson(line({ time: '2001-01-01T00:00:00Z' }), line({ mcp_name: undefined, http_mcp_name: '' }))}`;
    const answer = await post('access_log', body);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1, duplicates: 0, ignored: 0 } });
    expect([...answer.body.rejected].sort((a, b) => a.index - b.index)).toEqual([
      { index: 1, id: null, error: expect.stringContaining('not valid JSON') },
      { index: 2, id: null, error: 'a line must be a JSON object' },
      { index: 3, id: expect.stringMatching(/^access_log:/), error: expect.stringContaining('in the past') },
      { index: 4, id: null, error: 'a tools/call needs the name of its tool' },
    ]);
  });

  test('none of which can be used are 400', async () => {
    expect(await post('access_log', '{"half\n')).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('no line was accepted'), accepted: 0 },
    });
  });

  test('about something else are accepted and counted as ignored', async () => {
    const before = (await collector.sample(collectorIgnored, { reason: 'not_mcp' })) ?? 0;
    expect(await post('access_log', ndjson({ status: 200, path: '/' }))).toMatchObject({
      status: 202,
      body: { accepted: 0, ignored: 1, rejected: [] },
    });
    expect(await collector.sample(collectorIgnored, { reason: 'not_mcp' })).toBe(before + 1);
  });

  test('make no more calls than one request may have', async () => {
    const call = { method: 'tools/call', tool_name: 'list', latency: 1 };
    const entry = {
      started_at: Date.now(),
      service: { name: 'orders' },
      ai: { mcp: { rpc: Array(21).fill(call) } },
    };
    expect(await post('kong', ndjson(entry))).toMatchObject({
      status: 400,
      body: { rejected: [{ error: 'more than 20 calls in one request' }] },
    });
  });

  test('with as many values as no log has are rejected', async () => {
    const wide = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, i]));
    expect(await post('access_log', ndjson(wide, line()))).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: [{ index: 0, error: 'a record has more than 10000 values' }] },
    });
  });

  test('whose keys are those of every object do no harm', async () => {
    const body =
      '{"__proto__":{"mcp_method":"tools/call"},"constructor":1,"hasOwnProperty":2,"status":200}\n';
    expect(await post('access_log', body)).toMatchObject({ status: 202, body: { accepted: 0, ignored: 1 } });
    expect(({} as Record<string, unknown>).mcp_method).toBeUndefined();
  });

  test('of an unknown source are 404, and the answer names those that are', async () => {
    for (const source of ['nginx', 'claude_code', '__proto__', 'python_sdk']) {
      const answer = await post(source, ndjson(line()));
      expect(answer.status).toBe(404);
      for (const known of lineSources) expect(answer.body.error).toContain(known);
    }
  });

  test('of another type are 415', async () => {
    expect((await post('access_log', 'x', { 'content-type': 'text/plain' })).status).toBe(415);
  });
});

describe('security events of gateways', () => {
  test('are counted as such, and what was in clear is not kept', async () => {
    const time = new Date().toISOString();
    const gateway = {
      time,
      'mcp.method.name': 'tools/call',
      'mcp.target': 'vault',
      'gen_ai.tool.name': 'read',
    };
    const session = { 'mcp.session.id': 'SECRET-SESSION', 'src.addr': '192.0.2.99:1' };
    const answer = await post(
      'agentgateway',
      ndjson(
        { ...gateway, ...session, n: 1, 'http.status': 200 },
        {
          ...gateway,
          ...session,
          'mcp.error.code': -32602,
          'mcp.error.message': 'Unknown tool: SECRET-TEXT',
        },
        { ...gateway, ...session, 'mcp.error.code': -32001 },
        {
          time,
          'src.addr': '192.0.2.99:1',
          'http.path': '/mcp',
          'http.status': 401,
          reason: 'JwtAuth',
          error: 'invalid',
        },
      ),
    );
    expect(answer).toMatchObject({ status: 202, body: { accepted: 5, rejected: [] } });
    expect(
      await collector.sample(dlpBlocks, { server: 'vault', tool: '_unknown', rule: 'mcpGuardrails' }),
    ).toBe(1);
    expect(await collector.sample(authFailures, { server: '_unknown', reason: 'invalid_token' })).toBe(1);
    const journal = join(collector.config.dataDirectory, 'journal');
    const kept = readdirSync(journal).map((name) => readFileSync(join(journal, name), 'latin1'));
    expect(kept.join('')).toContain('mcpGuardrails');
    expect(kept.join('') + collector.log).not.toContain('SECRET');
  });

  test('include the refusal that a gateway hides behind "unknown tool", once the tool is known', async () => {
    const list = {
      kind: 'tool_list',
      id: 'list',
      time: new Date().toISOString(),
      server: 'mail',
      tools: [{ name: 'send' }],
    };
    await collector.send(list);
    const denied = {
      time: new Date().toISOString(),
      'mcp.method.name': 'tools/call',
      'mcp.target': 'mail',
      'gen_ai.tool.name': 'send',
      'mcp.error.code': -32602,
      'mcp.error.message': 'Unknown tool: send',
    };
    expect(await post('agentgateway', ndjson(denied))).toMatchObject({ body: { accepted: 2 } });
    expect(await collector.sample(policyDecisions, { server: 'mail', tool: 'send', decision: 'deny' })).toBe(
      1,
    );
    expect(
      await collector.sample(mcpMetrics.toolCalls, {
        server: 'mail',
        tool: 'send',
        client: '_unknown',
        outcome: 'denied',
      }),
    ).toBe(1);
  });
});
