import { randomBytes } from 'node:crypto';
import { get, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { NOWHERE, proxyTo, toolCall } from './http-proxied.ts';
import { listen } from './listening.ts';
import { startReceiver, summary } from './receiver.ts';

describe('the HTTP proxy changes nothing', () => {
  test('method, path, query, headers and bodies pass unchanged, whatever the path', async () => {
    const seen: { url: string; method: string; headers: string[]; body: Buffer }[] = [];
    const answer = randomBytes(100_000);
    await using server = await listen(
      collecting((request, body, response) => {
        seen.push({ url: request.url!, method: request.method!, headers: request.rawHeaders, body });
        response.writeHead(418, 'Teapot', [
          'X-Twice',
          'a',
          'X-Twice',
          'b',
          'Mcp-Session-Id',
          'abc',
          'X-Accel-Buffering',
          'no',
        ]);
        response.end(answer);
      }),
    );
    await using proxy = await proxyTo(server.url);
    const body = randomBytes(50_000);
    const headers = ['Host', 'mcp.example', 'Mcp-Param-Region', 'eu', 'Mcp-Param-Region', 'us', 'X-Odd', ' '];
    headers.push('Authorization', 'Bearer t', 'Origin', 'http://app.test', 'ACCEPT-encoding', 'gzip, br');
    headers.push('Connection', 'X-Odd, keep-alive', 'Content-Length', `${body.length}`);
    const { response, received } = await exchange(
      new URL('/mcp?key=1&x=%20', proxy.url),
      { method: 'PUT', headers },
      body,
    );
    expect(received.equals(answer)).toBe(true);
    expect([response.statusCode, response.statusMessage]).toEqual([418, 'Teapot']);
    expect(response.rawHeaders.join()).toContain(
      'X-Twice,a,X-Twice,b,Mcp-Session-Id,abc,X-Accel-Buffering,no',
    );
    const [request] = seen;
    expect(request).toMatchObject({ url: '/mcp?key=1&x=%20', method: 'PUT' });
    expect(request!.body.equals(body)).toBe(true);
    const passed = headers.map((value) => (value === 'gzip, br' ? 'identity' : value.trim()));
    expect(request!.headers).toEqual(passed);
    await exchange(new URL('/.well-known/oauth-protected-resource', proxy.url), {}, Buffer.alloc(0));
    expect(seen[1]?.url).toBe('/.well-known/oauth-protected-resource');
  });

  test('on request the server gets its own name as Host', async () => {
    let host: string | undefined;
    await using server = await listen((request, response) => {
      host = request.headers.host;
      response.end();
    });
    await using proxy = await proxyTo(server.url, NOWHERE, true);
    await fetch(proxy.url);
    expect(host).toBe(server.url.host);
  });

  test('an event reaches the client before the stream goes on', async () => {
    let goOn = () => {};
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n');
      goOn = () => void response.end('data: last\n\n');
    });
    await using proxy = await proxyTo(server.url);
    const reader = (await fetch(proxy.url)).body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('notifications/progress');
    goOn();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: last\n\n');
  });

  test('a stream that is silent for longer than idle connections live goes on', async () => {
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      setTimeout(() => response.end('data: late\n\n'), 3_000);
    });
    await using proxy = await proxyTo(server.url);
    expect(await (await fetch(proxy.url)).text()).toBe(': hello\n\ndata: late\n\n');
  });

  test('a client that leaves closes the request at the server', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      response.on('close', () => closed.resolve());
    });
    await using proxy = await proxyTo(server.url);
    const leaving = new AbortController();
    const response = await fetch(proxy.url, { signal: leaving.signal });
    await response.body!.getReader().read();
    leaving.abort();
    await closed.promise;
  });

  test('messages of 20 MB pass byte-identical in both directions, as JSON and as an event, and are counted', async () => {
    await using receiver = await startReceiver();
    const content = [{ type: 'text', text: 'ü"\\\n'.repeat(3_400_000) }];
    const result = JSON.stringify({ result: { content }, jsonrpc: '2.0', id: 7 });
    let received: Buffer = Buffer.alloc(0);
    let asEvent = false;
    await using server = await listen(
      collecting((_request, body, response) => {
        received = body;
        response.writeHead(200, { 'content-type': asEvent ? 'text/event-stream' : 'application/json' });
        response.end(asEvent ? `event: message\ndata: ${result}\n\n` : result);
      }),
    );
    await using proxy = await proxyTo(server.url, receiver.url);
    const sent = Buffer.from(
      JSON.stringify({
        method: 'tools/call',
        params: { name: 'large', arguments: { content } },
        jsonrpc: '2.0',
        id: 7,
      }),
    );
    expect(Math.min(sent.length, Buffer.byteLength(result))).toBeGreaterThan(20_000_000);
    for (const form of [false, true]) {
      asEvent = form;
      const answer = await (await fetch(proxy.url, { method: 'POST', body: sent })).text();
      expect(received.equals(sent)).toBe(true);
      expect(answer === (form ? `event: message\ndata: ${result}\n\n` : result)).toBe(true);
    }
    await proxy.flush();
    const calls = await receiver.until('tool_call', 2);
    expect(calls.map(summary)).toEqual(['large ok none', 'large ok none']);
    const sizes = { request_bytes: jsonSize({ content }), response_bytes: jsonSize({ content }) };
    expect(calls).toMatchObject([sizes, sizes]);
  });

  test('a compressed answer passes as it is, and is read all the same', async () => {
    await using receiver = await startReceiver();
    const packed = gzipSync('{"result":{"content":[],"isError":true},"jsonrpc":"2.0","id":1}');
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    const { received } = await exchange(proxy.url, { method: 'POST' }, Buffer.from(toolCall(1, 'packed')));
    expect(received.equals(packed)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['packed tool_error tool']);
  });

  test('a client that does not read holds the server back', async () => {
    let written = 0;
    let stalled = false;
    await using server = await listen((request, response) => {
      request.resume();
      const chunk = Buffer.alloc(64 * 1024);
      const write = () => {
        while (written < 256 * 1024 * 1024) {
          written += chunk.length;
          if (!response.write(chunk)) {
            stalled = true;
            return;
          }
        }
      };
      response.on('drain', write);
      write();
    });
    await using proxy = await proxyTo(server.url);
    const request = get(proxy.url);
    const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
    response.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stalled).toBe(true);
    expect(written).toBeLessThan(64 * 1024 * 1024);
    request.destroy();
  });

  test('a resumed stream answers the call that was made on another', async () => {
    await using receiver = await startReceiver();
    const event = (message: object) => `data: ${JSON.stringify(message)}\n\n`;
    await using server = await listen(
      collecting((request, _body, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(
          request.method === 'GET'
            ? event({ jsonrpc: '2.0', id: 1, result: { content: [] } })
            : 'retry: 1\n\n',
        );
      }),
    );
    await using proxy = await proxyTo(server.url, receiver.url);
    const headers = { 'mcp-session-id': 'resumable' };
    await (await fetch(proxy.url, { method: 'POST', headers, body: toolCall(1, 'long') })).text();
    await (await fetch(proxy.url, { headers: { ...headers, 'last-event-id': '1' } })).text();
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['long ok none']);
    expect(JSON.stringify(receiver.events)).not.toContain('resumable');
  });
});

const jsonSize = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** Answers once the whole request was read. */
function collecting(
  answer: (request: IncomingMessage, body: Buffer, response: Parameters<RequestListener>[1]) => void,
): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
  };
}

function exchange(url: URL, options: { method?: string; headers?: string[] }, body: Buffer) {
  return new Promise<{ response: IncomingMessage; received: Buffer }>((resolve, reject) => {
    const request = httpRequest(url, { ...options, setHost: options.headers === undefined }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ response, received: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
