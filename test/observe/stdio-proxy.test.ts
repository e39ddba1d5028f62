import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, test } from 'vitest';
import {
  behindProxy,
  everythingServer,
  filesystemServer,
  runProxy,
  script,
  stdioFixture,
  untilGone,
} from './proxied.ts';
import { startReceiver, summary, tally } from './receiver.ts';
import { CLIENT_NAME, workerV1, workerV2, workOut } from './workout.ts';

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

describe.concurrent('the stdio proxy counts exactly what its client called', () => {
  const plain = (major: string) => [process.execPath, stdioFixture, major];
  const cases = [
    {
      name: 'v1 server, v1 client',
      server: 'v1',
      sessions: 1,
      connect: (to: object) => workerV1(new StdioClientV1(to as never)),
    },
    {
      name: 'v1 server, v2 client',
      server: 'v1',
      sessions: 1,
      connect: (to: object) => workerV2(new StdioClientV2(to as never)),
    },
    {
      name: 'v2 server, v2 client of the stateless revision',
      server: 'v2',
      sessions: 0,
      connect: (to: object) => workerV2(new StdioClientV2(to as never), 'modern'),
    },
  ];

  test.each(cases)('$name', async ({ server, sessions, connect }) => {
    await using receiver = await startReceiver();
    const worker = await connect(behindProxy(receiver.url, plain(server)));
    const expected = await workOut(worker, { timeout: 'slow cancelled unknown -32001' });
    const leftBehind = worker.call('slow', { ms: 10_000 }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expected.push('slow aborted transport');
    await worker.close();
    await leftBehind;
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((call) => call.client?.name))).toEqual(new Set([CLIENT_NAME]));
    expect(new Set(calls.map((call) => call.session?.id)).size).toBe(1);
    expect(receiver.of('tool_list')).toHaveLength(1);
    expect(await receiver.until('session_start', sessions)).toHaveLength(sessions);
    expect(await receiver.until('session_end', sessions)).toHaveLength(sessions);
  });

  test('server-everything, with sampling, elicitation and a task', async () => {
    await using receiver = await startReceiver();
    const client = new Client(
      { name: CLIENT_NAME, version: '1' },
      { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
    );
    const { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema } = await import(
      '@modelcontextprotocol/sdk/types.js'
    );
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: 'assistant',
      model: 'none',
      content: { type: 'text', text: 'sampled' },
    }));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
    await client.connect(
      new StdioClientV1(behindProxy(receiver.url, [process.execPath, everythingServer, 'stdio'])),
    );
    const expected: string[] = [];
    const call = async (outcome: string, name: string, args: Record<string, unknown> = {}) => {
      expected.push(`${name} ${outcome}`);
      await client.callTool({ name, arguments: args });
    };
    const { tools } = await client.listTools();
    await call('ok none', 'echo', { message: 'hi' });
    await call('ok none', 'get-sum', { a: 1, b: 2 });
    await call('tool_error caller', 'get-sum', { a: 'one' });
    await call('ok none', 'get-tiny-image');
    await call('ok none', 'get-structured-content', { location: 'Chicago' });
    await call('ok none', 'trigger-sampling-request', { prompt: 'p', maxTokens: 5 });
    await call('ok none', 'trigger-elicitation-request');
    await call('ok none', 'trigger-long-running-operation', { duration: 0.2, steps: 2 });
    await Promise.all(Array.from({ length: 30 }, (_, i) => call('ok none', 'echo', { message: `${i}` })));
    const taskTool = tools.find(({ name }) => name === 'simulate-research-query');
    expect(taskTool).toBeDefined();
    expected.push('simulate-research-query ok none');
    const statuses: string[] = [];
    for await (const message of client.experimental.tasks.callToolStream({
      name: 'simulate-research-query',
      arguments: { topic: 'owls' },
    })) {
      statuses.push(message.type);
    }
    expect(statuses.at(-1)).toBe('result');
    await client.close();
    const calls = await receiver.until('tool_call', expected.length);
    expect(tally(calls.map(summary))).toEqual(tally(expected));
    expect(new Set(calls.map((one) => one.server))).toEqual(new Set(['mcp-servers/everything']));
    // The client lists again when the server says that its tools changed after the handshake.
    const listed = (await receiver.until('tool_list', 1)).at(-1)!;
    expect(new Set(listed.tools.map(({ name }) => name))).toEqual(new Set(tools.map(({ name }) => name)));
  });

  test('server-filesystem', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'observe-files-'));
    writeFileSync(join(directory, 'note.txt'), 'remember');
    try {
      await using receiver = await startReceiver();
      const worker = await workerV1(
        new StdioClientV1(behindProxy(receiver.url, [process.execPath, filesystemServer, directory])),
      );
      await worker.listTools();
      await worker.call('read_text_file', { path: join(directory, 'note.txt') });
      await worker.call('read_text_file', { path: '/etc/hostname' });
      await worker.call('list_directory', { path: directory });
      await worker.call('shred', {});
      await worker.close();
      const calls = await receiver.until('tool_call', 4);
      expect(calls.map(summary)).toEqual([
        'read_text_file ok none',
        'read_text_file tool_error tool',
        'list_directory ok none',
        'shred protocol_error caller -32602',
      ]);
      expect(JSON.stringify(receiver.events)).not.toContain('remember');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe.concurrent('the stdio proxy changes nothing', () => {
  const echoBack = script('process.stdin.pipe(process.stdout)');

  test('a line of 20 MB comes back byte-identical, and the call in it is counted with its size', async () => {
    await using receiver = await startReceiver();
    const { proxy, ended } = runProxy(
      receiver.url,
      script(`
      const chunks = [];
      process.stdin.on('data', (chunk) => { chunks.push(chunk); process.stdout.write(chunk); });
      process.stdin.on('end', () => process.stdout.write('{"result":{"content":[],"isError":true},"jsonrpc":"2.0","id":"big"}\\n'));
    `),
    );
    const text = 'äß"\\\\𝄞 '.repeat(1_500_000);
    const args = { text };
    const line = `${JSON.stringify({ jsonrpc: '2.0', id: 'big', method: 'tools/call', params: { name: 'store', arguments: args } })}\n`;
    const sent = Buffer.from(line);
    expect(sent.length).toBeGreaterThan(20_000_000);
    proxy.stdin.end(sent);
    const { stdout, code } = await ended;
    expect(code).toBe(0);
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(stdout.subarray(0, sent.length))).toBe(digest(sent));
    const [call] = await receiver.until('tool_call', 1);
    expect(summary(call!)).toBe('store tool_error tool');
    expect(call!.request_bytes).toBe(Buffer.byteLength(JSON.stringify(args)));
  });

  test('bytes that are no messages, no text and no lines pass as they are and are counted', async () => {
    const noise = Buffer.concat([
      Buffer.from('Listening…\r\n'),
      Buffer.from([0, 255, 10, 13, 10]),
      Buffer.from('{"half":'),
    ]);
    const { proxy, ended } = runProxy(NOWHERE, echoBack);
    proxy.stdin.end(noise);
    const { stdout, stderr } = await ended;
    expect(stdout.equals(noise)).toBe(true);
    expect(stderr).toContain("2 lines on the server's stdout were no JSON-RPC");
  });

  test('what a server writes just before it exits arrives whole', async () => {
    const { ended } = runProxy(
      NOWHERE,
      script(`process.stdout.write('x'.repeat(3_000_000), () => process.exit(7))`),
    );
    const { stdout, code } = await ended;
    expect(stdout.length).toBe(3_000_000);
    expect(code).toBe(7);
  });

  test('the environment and the arguments reach the server as they are', async () => {
    const { ended } = runProxy(NOWHERE, [
      process.execPath,
      '-e',
      'console.log(JSON.stringify([process.argv.slice(1), process.env.PATH]))',
      '--',
      '--http',
      'a b',
      '*',
    ]);
    expect(JSON.parse((await ended).stdout.toString())).toEqual([['--http', 'a b', '*'], process.env.PATH]);
  });
});

describe.concurrent('the stdio proxy ends as its server ends', () => {
  test('with its exit code, also when the server left calls unanswered', async () => {
    await using receiver = await startReceiver();
    const { proxy, ended } = runProxy(
      receiver.url,
      script(`process.stdin.on('data', () => process.exit(42))`),
    );
    proxy.stdin.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"crash"}}\n');
    expect((await ended).code).toBe(42);
    const calls = await receiver.until('tool_call', 1);
    expect(calls.map(summary)).toEqual(['crash aborted server']);
  });

  test('with its signal', async () => {
    const { ended } = runProxy(NOWHERE, script(`process.kill(process.pid, 'SIGKILL')`));
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('with 127 when there is no such command', async () => {
    const { code, stderr } = await runProxy(NOWHERE, ['no-such-command-anywhere']).ended;
    expect(code).toBe(127);
    expect(stderr).toContain('no-such-command-anywhere');
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after it passed %s on', async (name) => {
    const { proxy, ended, lines } = runProxy(
      NOWHERE,
      script(`
      process.on('${name}', () => { console.log('got ${name}'); process.exit(3); });
      console.log('ready');
      setInterval(() => {}, 1000);
    `),
    );
    await lines(1);
    proxy.kill(name);
    const { code, stdout } = await ended;
    expect(stdout.toString()).toBe(`ready\ngot ${name}\n`);
    expect(code).toBe(3);
  });
});

describe.concurrent('the stdio proxy leaves no orphan', () => {
  const stubborn = script(`
    import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
    console.log(process.pid + ' ' + child.pid);
  `);

  test('when a client closes stdin and then terminates a server that ignores both', async () => {
    const { proxy, ended, lines } = runProxy(NOWHERE, stubborn);
    const [first] = await lines(1);
    const pids = first!.split(' ').map(Number);
    proxy.stdin.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    proxy.kill('SIGTERM');
    const { signal } = await ended;
    expect(signal).toBe('SIGKILL');
    for (const pid of pids) expect(await untilGone(pid, 5_000)).toBe(true);
  });

  test('when its client is killed', async () => {
    const { spawn } = await import('node:child_process');
    const { cli } = await import('./proxied.ts');
    const client = spawn(process.execPath, [
      '-e',
      `const { spawn } = require('node:child_process');
       const proxy = spawn(process.execPath, ${JSON.stringify([cli, '--url', NOWHERE, '--', ...stubborn])});
       proxy.stdout.on('data', (data) => process.stdout.write(proxy.pid + ' ' + data));`,
    ]);
    const output = await new Promise<string>((resolve) =>
      client.stdout.once('data', (data) => resolve(String(data))),
    );
    const pids = output.trim().split(' ').map(Number);
    expect(pids).toHaveLength(3);
    client.kill('SIGKILL');
    for (const pid of pids) expect(await untilGone(pid, 5_000)).toBe(true);
  });
});

describe.concurrent('the stdio proxy survives its collector', () => {
  const answering = script(`
    import { createInterface } from 'node:readline';
    for await (const line of createInterface({ input: process.stdin })) {
      const { id } = JSON.parse(line);
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }) + '\\n');
    }
  `);
  const requests = Array.from(
    { length: 50 },
    (_, id) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo' } })}\n`,
  ).join('');

  async function answersThrough(collector: string): Promise<{ answers: number; code: number | null }> {
    const { proxy, ended } = runProxy(collector, answering);
    proxy.stdin.end(requests);
    const { stdout, code } = await ended;
    return { answers: stdout.toString().trim().split('\n').length, code };
  }

  test('when it is down', async () => {
    expect(await answersThrough(NOWHERE)).toEqual({ answers: 50, code: 0 });
  });

  test('when it never answers', async () => {
    await using receiver = await startReceiver(() => false);
    expect(await answersThrough(receiver.url)).toEqual({ answers: 50, code: 0 });
  });

  test('when it lies: a redirect, nonsense, an endless body', async () => {
    await using receiver = await startReceiver((response, _batch, attempt) => {
      if (attempt % 3 === 1) response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
      else if (attempt % 3 === 2)
        response.writeHead(429, { 'retry-after': '99999999999' }).end('{"rejected":7}');
      else response.writeHead(200).write('x'.repeat(400_000));
      return false;
    });
    expect(await answersThrough(receiver.url)).toEqual({ answers: 50, code: 0 });
  });
});
