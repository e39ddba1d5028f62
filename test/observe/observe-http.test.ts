import { createServer } from 'node:http';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { describe, expect, test } from 'vitest';
import { flush, observeHttp } from '../../observe/src/index.ts';
import { proxyTo } from './http-proxied.ts';
import { type Listening, listen } from './listening.ts';
import { startReceiver } from './receiver.ts';

/** Real refusals of SDK v1's own guard, without express around it. */
const guard = requireBearerAuth({
  verifier: {
    verifyAccessToken: async (token) => {
      if (token === 'old') throw new InvalidTokenError('Token has expired');
      if (token !== 'good') throw new InvalidTokenError('Unknown token');
      return { token, clientId: 'someone', scopes: ['read'], expiresAt: Date.now() / 1_000 + 60 };
    },
  },
  requiredScopes: ['admin'],
});

function guarded(): Promise<Listening> {
  return listen((request, response) => {
    const express = Object.assign(response, {
      set: (name: string, value: string) => response.setHeader(name, value),
      status: (code: number) => Object.assign(response, { statusCode: code }),
      json: (body: object) => response.end(JSON.stringify(body)),
    });
    const { url } = request;
    // What routers do before a handler runs.
    request.url = '/';
    if (url?.startsWith('/hosts')) response.writeHead(403, { 'www-authenticate': 'Basic' }).end();
    else void guard(request as never, express as never, () => response.end());
  });
}

describe('observeHttp', () => {
  test('reports refusals by what the request carried, on its path alone, where the proxy sees them too', async () => {
    await using receiver = await startReceiver();
    await using behind = await startReceiver();
    observeHttp({ url: receiver.url, path: '/mcp' });
    observeHttp({ url: receiver.url, path: '/mcp' });
    await using server = await guarded();
    await using proxy = await proxyTo(server.url, behind.url);
    const attempts: [Record<string, string>, string][] = [
      [{}, 'missing_token'],
      [{ authorization: 'Bearer bad' }, 'invalid_token'],
      [{ authorization: 'Bearer old' }, 'expired_token'],
      [{ authorization: 'Bearer good' }, 'insufficient_scope'],
    ];
    for (const [headers] of attempts) await (await fetch(proxy.url, { method: 'POST', headers })).text();
    await (await fetch(new URL('/mcpx', server.url))).text();
    await (await fetch(new URL('/hosts', server.url))).text();
    await flush();
    await proxy.flush();
    const expected = attempts.map(([, reason]) => ({ source: '127.0.0.1', reason }));
    expect(receiver.of('auth_failure')).toMatchObject(expected);
    expect(behind.of('auth_failure')).toMatchObject(expected);
    expect(JSON.stringify([receiver.events, behind.events])).not.toContain('Bearer');
  });

  test('sees its path however it is spelled, since routers take more than one spelling for it', async () => {
    await using receiver = await startReceiver();
    observeHttp({ url: receiver.url, path: '/Spelled/' });
    await using server = await guarded();
    const spellings = [
      '/spelled',
      '/SPELLED/',
      '//spelled',
      '/%73pelled?x',
      '/spelled/below',
      '/spelled/?a=/b',
    ];
    for (const path of spellings) await (await fetch(`${new URL(server.url).origin}${path}`)).text();
    for (const path of ['/spelledx', '/other/spelled', '/%zz'])
      await (await fetch(`${new URL(server.url).origin}${path}`)).text();
    await flush();
    expect(receiver.of('auth_failure')).toHaveLength(spellings.length);
  });

  test('takes the address from the header that the last proxy appends to, where it is told so', async () => {
    await using receiver = await startReceiver();
    observeHttp({ url: receiver.url, path: '/hosts', sourceHeader: 'X-Forwarded-For' });
    await using server = await guarded();
    const refuse = (headers: Record<string, string>) => fetch(new URL('/hosts/a?b', server.url), { headers });
    await refuse({ 'x-forwarded-for': '10.9.9.9, ::ffff:192.0.2.7', origin: 'http://evil.test' });
    await refuse({ authorization: 'Bearer x' });
    await flush();
    expect(receiver.of('auth_failure')).toMatchObject([
      { source: '192.0.2.7', reason: 'origin_rejected' },
      { source: '127.0.0.1', reason: 'other' },
    ]);
  });

  test('says nothing of answers that are no refusals', async () => {
    await using receiver = await startReceiver();
    observeHttp({ url: receiver.url, path: '/fine' });
    const server = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}/fine`);
    server.close();
    await flush();
    expect(receiver.events).toEqual([]);
  });
});
