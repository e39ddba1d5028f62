/**
 * What observing costs a call: round trips of the same calls to the same server plain, wrapped and proxied, in turns, so
 * that a slow moment of the machine is everyone's. Prints medians and 99th percentiles in milliseconds.
 */
import { spawn } from 'node:child_process';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROUNDS = 20;
const CALLS_PER_ROUND = 200;
const here = (path: string) => join(import.meta.dirname, path);

type Call = () => Promise<unknown>;
interface Subject {
  readonly call: Call;
  readonly stop: () => unknown;
}

async function compare(title: string, subjects: Record<string, Subject>): Promise<void> {
  const times = new Map<string, number[]>(Object.keys(subjects).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, { call }] of Object.entries(subjects)) {
      for (let i = 0; i < CALLS_PER_ROUND; i++) {
        const before = performance.now();
        await call();
        // The first rounds let the compiler see the code.
        if (round >= 0) times.get(name)!.push(performance.now() - before);
      }
    }
  }
  for (const { stop } of Object.values(subjects)) await stop();
  const at = (name: string, share: number) => {
    const sorted = times.get(name)!.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * share)]!;
  };
  const rows = [...times.keys()].map((name) => [
    name,
    {
      p50: at(name, 0.5).toFixed(3),
      'p50 added': (at(name, 0.5) - at('plain', 0.5)).toFixed(3),
      p99: at(name, 0.99).toFixed(3),
      'p99 added': (at(name, 0.99) - at('plain', 0.99)).toFixed(3),
    },
  ]);
  process.stdout.write(`\n${title}, ${ROUNDS * CALLS_PER_ROUND} calls each, ms\n`);
  console.table(Object.fromEntries(rows));
}

/** A client of line-delimited JSON-RPC, as thin as can be. */
async function stdio(command: readonly string[], url: string, tool: string): Promise<Subject> {
  const [program, ...args] = command;
  const env = { ...process.env, MCP_LOOKOUT_URL: url };
  const server = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  let answered: (line: string) => void = () => {};
  createInterface({ input: server.stdout }).on('line', (line) => {
    if (line.includes('"id":')) answered(line);
  });
  let id = 0;
  const ask = (method: string, params: object) =>
    new Promise<string>((resolve) => {
      answered = resolve;
      server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: id++, method, params })}\n`);
    });
  const clientInfo = { name: 'bench', version: '1' };
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  server.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return {
    call: () => ask('tools/call', { name: tool, arguments: { say: 'hello' } }),
    stop: () => {
      server.stdin.end();
      return new Promise((resolve) => server.on('close', resolve));
    },
  };
}

const bareServer = `
  const { createInterface } = require('node:readline');
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id } = JSON.parse(line);
    if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }) + '\\n');
  });
`;

const bareHttpServer = `
  const server = require('node:http').createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      const { id } = JSON.parse(body);
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'hello' }] } });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => console.error('http://127.0.0.1:' + server.address().port + '/mcp'));
`;

/** Forwards and does nothing else: what any proxy costs. */
const forwardingOnly = (upstream: string) => `
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const { method, headers, url } = request;
    request.pipe(http.request(new URL(url, '${upstream}'), { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }));
  });
  server.listen(0, '127.0.0.1', () => console.error('http://127.0.0.1:' + server.address().port + '/mcp'));
`;

/** A client of JSON over HTTP, as thin as can be, of a server in a process of its own. */
async function overHttp(
  command: readonly string[],
  collectorUrl: string,
): Promise<Subject & { url: string }> {
  const [program, ...args] = command;
  const env = { ...process.env, MCP_LOOKOUT_URL: collectorUrl };
  const server = spawn(program!, args, { stdio: ['ignore', 'inherit', 'pipe'], env });
  const said = await new Promise<string>((resolve) =>
    server.stderr.once('data', (data) => resolve(`${data}`)),
  );
  const endpoint = new URL(/http:\S+/.exec(said)![0]);
  const agent = new Agent({ keepAlive: true });
  let id = 0;
  return {
    url: endpoint.href,
    call: () =>
      new Promise((resolve) => {
        const body = JSON.stringify({
          jsonrpc: '2.0',
          id: id++,
          method: 'tools/call',
          params: { name: 'any' },
        });
        const headers = { 'content-type': 'application/json', 'content-length': body.length };
        const sent = request(endpoint, { method: 'POST', agent, headers }, (response) => {
          response.resume();
          response.on('end', resolve);
        });
        sent.end(body);
      }),
    stop: () => {
      agent.destroy();
      server.kill();
      return new Promise((resolve) => server.on('close', resolve));
    },
  };
}

let received = 0;
const collector = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  request.on('end', () => response.writeHead(202).end('{"accepted":1,"duplicates":0,"rejected":[]}'));
});
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const proxied = (command: readonly string[]) => [process.execPath, here('src/cli.ts'), '--', ...command];
const bare = [process.execPath, '-e', bareServer];
const fixture = [process.execPath, here('../test/observe/fixtures/stdio-server.ts'), 'v1'];

await compare('A bare stdio server', {
  plain: await stdio(bare, url, 'any'),
  proxied: await stdio(proxied(bare), url, 'any'),
});
await compare('An SDK v1 server on stdio', {
  plain: await stdio(fixture, url, 'echo'),
  wrapped: await stdio([...fixture, 'wrapped'], url, 'echo'),
  proxied: await stdio(proxied(fixture), url, 'echo'),
});
const plain = await overHttp([process.execPath, '-e', bareHttpServer], url);
await compare('A bare HTTP server', {
  plain,
  'forwarded only': await overHttp([process.execPath, '-e', forwardingOnly(plain.url)], url),
  proxied: await overHttp([process.execPath, here('src/cli.ts'), '--http', plain.url, '--port', '0'], url),
});
process.stdout.write(`\nThe collector received ${received} bytes.\n`);
collector.close();
collector.closeAllConnections();
