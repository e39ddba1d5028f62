import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { freePort, proxyTo, toolCall } from './http-proxied.ts';
import { listen } from './listening.ts';
import { startReceiver, summary } from './receiver.ts';

describe('the HTTP proxy reports refusals', () => {
  const attempts: [string, number, Record<string, string>, Record<string, string>, string][] = [
    ['no token', 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' }, 'missing_token'],
    ['a wrong token', 401, { authorization: 'Bearer x' }, {}, 'invalid_token'],
    [
      'an old token',
      401,
      { authorization: 'Bearer x' },
      { 'www-authenticate': 'Bearer error="invalid_token", error_description="Token has expired"' },
      'expired_token',
    ],
    [
      'too little scope',
      403,
      { authorization: 'Bearer x' },
      { 'www-authenticate': 'Bearer error="insufficient_scope", scope="admin"' },
      'insufficient_scope',
    ],
    ['a foreign origin', 403, { origin: 'http://evil.test' }, {}, 'origin_rejected'],
  ];

  test.each(attempts)('%s', async (_name, status, sent, answered, reason) => {
    await using receiver = await startReceiver();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(status, answered).end();
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    const response = await fetch(proxy.url, { method: 'POST', headers: sent, body: toolCall(1, 'secrets') });
    expect(response.status).toBe(status);
    await proxy.flush();
    const [failure] = await receiver.until('auth_failure', 1);
    expect(failure).toMatchObject({ source: '127.0.0.1', reason });
    expect(receiver.of('tool_call').map(summary)).toEqual(['secrets auth_denied auth']);
    expect(JSON.stringify(receiver.events)).not.toContain('Bearer');
  });

  test.each([
    [
      404,
      '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}',
      'lost protocol_error caller -32001',
    ],
    [
      400,
      '{"jsonrpc":"2.0","error":{"code":-32020,"message":"mismatch"},"id":1}',
      'lost protocol_error caller -32020',
    ],
    [503, 'upstream connect error', 'lost server_error transport'],
  ])('a call answered with %d', async (status, body, expected) => {
    await using receiver = await startReceiver();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    await (await fetch(proxy.url, { method: 'POST', body: toolCall(1, 'lost') })).text();
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual([expected]);
  });

  test('a call that was refused before its body had come', async () => {
    await using receiver = await startReceiver();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(401, { 'content-length': 0 }).end();
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    const body = toolCall(1, 'secrets');
    const client = connect(Number(proxy.url.port), '127.0.0.1');
    client.write(`POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
    await once(client, 'data');
    client.end(body);
    await once(client.resume(), 'close');
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['secrets auth_denied auth']);
  });

  test('a call whose compressed answer is broken', async () => {
    await using receiver = await startReceiver();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.write('this is no gzip');
      setTimeout(() => response.end(), 100);
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    const body = toolCall(1, 'torn');
    const client = connect(Number(proxy.url.port), '127.0.0.1');
    const head = `POST /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}`;
    client.write(`${head}\r\n\r\n${body}`);
    await once(client.resume(), 'close');
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['torn aborted server']);
  });

  test('calls in a session that is made up, whose sender left before any answer', async () => {
    await using receiver = await startReceiver();
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await using server = await listen((request) => request.resume().on('end', asked));
    await using proxy = await proxyTo(server.url, receiver.url);
    const body = toolCall(1, 'left');
    const client = connect(Number(proxy.url.port), '127.0.0.1');
    const head = `POST /mcp HTTP/1.1\r\nHost: a\r\nMcp-Session-Id: none\r\nContent-Length: ${body.length}`;
    client.write(`${head}\r\n\r\n${body}`);
    await arrived;
    client.destroy();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['left aborted transport']);
  });

  test.each([
    ['that is down', 'http:', /ECONNREFUSED/],
    ['that speaks no TLS', 'https:', /EPROTO|SSL/],
  ])('a call to a server %s, with 502 and why', async (_name, protocol, reason) => {
    await using receiver = await startReceiver();
    await using plain = await listen((_request, response) => response.end());
    const port = protocol === 'http:' ? await freePort() : plain.url.port;
    await using proxy = await proxyTo(new URL(`${protocol}//127.0.0.1:${port}/mcp`), receiver.url);
    const response = await fetch(proxy.url, { method: 'POST', body: toolCall(1, 'void') });
    expect([response.status, await response.text()]).toEqual([502, expect.stringMatching(reason)]);
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['void aborted server']);
  });

  test('a call whose server dies while it answers', async () => {
    await using receiver = await startReceiver();
    await using server = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': working\n\n');
      setTimeout(() => response.destroy(), 30);
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    await expect(
      fetch(proxy.url, { method: 'POST', body: toolCall(1, 'dies') }).then((r) => r.text()),
    ).rejects.toThrow();
    await proxy.flush();
    expect((await receiver.until('tool_call', 1)).map(summary)).toEqual(['dies aborted server']);
  });
});
