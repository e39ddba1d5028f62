import { spawn } from 'node:child_process';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, test } from 'vitest';
import { httpCases, visit } from './http-cases.ts';
import { freePort, proxyTo, toolCall } from './http-proxied.ts';
import { listen } from './listening.ts';
import { cli, everythingServer } from './proxied.ts';
import { startReceiver, summary, tally } from './receiver.ts';
import { SERVER_NAME } from './servers.ts';
import { CLIENT_NAME, workerV1 } from './workout.ts';

describe('the HTTP proxy counts exactly what its client called', () => {
  test.each(httpCases)('$name', async (one) => {
    await using receiver = await startReceiver();
    await using server = await listen(one.listener((target) => target));
    await using proxy = await proxyTo(server.url, receiver.url);
    const expected = await visit(one, proxy.url);
    await proxy.flush();
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((call) => call.server))).toEqual(new Set([SERVER_NAME]));
    expect(new Set(calls.map((call) => call.source))).toEqual(new Set(['127.0.0.1']));
    expect(new Set(calls.map((call) => call.client?.name))).toEqual(
      new Set([one.namesClient ? CLIENT_NAME : undefined]),
    );
    expect(receiver.of('session_start')).toHaveLength(one.sessions);
    expect(receiver.of('session_end')).toHaveLength(one.sessions);
    expect(receiver.of('tool_list')).toHaveLength(1);
    expect(new Set(calls.map((call) => call.session?.id)).size).toBe(1);
  });

  test('however the path of the endpoint is spelled that the server takes', async () => {
    await using receiver = await startReceiver();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    for (const path of ['/mcp', '/mcp/', '/MCP', '//mcp', '/m%63p?x=1', '/other', '/mcp/other', '/%']) {
      const body = toolCall(1, path);
      await (await fetch(`${proxy.url.origin}${path}`, { method: 'POST', body })).text();
    }
    await proxy.flush();
    const calls = await receiver.until('tool_call', 5);
    expect(calls.map(({ tool }) => tool)).toEqual(['/mcp', '/mcp/', '/MCP', '//mcp', '/m%63p?x=1']);
  });

  test('server-everything, through the command line', async () => {
    await using receiver = await startReceiver();
    const port = await freePort();
    const upstream = spawn(process.execPath, [everythingServer, 'streamableHttp'], {
      env: { ...process.env, PORT: `${port}` },
    });
    const proxy = spawn(process.execPath, [
      cli,
      '--http',
      `http://127.0.0.1:${port}/mcp`,
      '--port',
      '0',
      '--url',
      receiver.url,
      '--environment',
      'test',
    ]);
    const ended = new Promise<number | null>((resolve) => proxy.on('close', resolve));
    try {
      const [line] = await Promise.all([firstLine(proxy.stderr), firstLine(upstream.stderr)]);
      const worker = await workerV1(new StreamableHTTPClientTransport(new URL(/http:\S+/.exec(line)![0])));
      await worker.listTools();
      await Promise.all(Array.from({ length: 10 }, (_, i) => worker.call('echo', { message: `${i}` })));
      await worker.call('get-sum', { a: 'x' });
      await worker.call('trigger-long-running-operation', { duration: 0.2, steps: 2 });
      await worker.close();
      proxy.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(tally(receiver.of('tool_call').map(summary))).toEqual({
        'echo ok none': 10,
        'get-sum tool_error caller': 1,
        'trigger-long-running-operation ok none': 1,
      });
      expect(new Set(receiver.events.map((event) => event.environment))).toEqual(new Set(['test']));
    } finally {
      proxy.kill('SIGKILL');
      upstream.kill('SIGKILL');
    }
  });
});

const firstLine = (stream: NodeJS.ReadableStream) =>
  new Promise<string>((resolve) => stream.once('data', (chunk) => resolve(String(chunk))));
