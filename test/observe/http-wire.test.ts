import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  framingOfRequest,
  framingOfResponse,
  readHead,
  replaceHeaders,
} from '../../observe/src/http-head.ts';
import { HttpWire } from '../../observe/src/http-wire.ts';
import { proxyTo } from './http-proxied.ts';
import { startReceiver, summary } from './receiver.ts';

/** Repeatable chance. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Message {
  readonly raw: string;
  readonly start: string;
  readonly body: string;
}

function anyMessage(draw: () => number): Message {
  const body = Array.from(
    { length: Math.floor(draw() * 40) },
    () => '\r\n0 {"a":[1]}'[Math.floor(draw() * 14)],
  ).join('');
  const start = draw() < 0.5 ? 'POST' : 'PUT';
  const head = `${start} /mcp?x=${Math.floor(draw() * 9)} HTTP/1.1\r\nHost: a\r\nX-Odd:\tvalue `;
  if (draw() < 0.3) return { raw: `${head}\r\n\r\n`, start, body: '' };
  if (draw() < 0.5) return { raw: `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`, start, body };
  let chunks = '';
  for (let at = 0; at < body.length; ) {
    const size = 1 + Math.floor(draw() * 9);
    const part = body.slice(at, at + size);
    chunks += `${part.length.toString(16)}${draw() < 0.3 ? ';ext="x"' : ''}\r\n${part}\r\n`;
    at += size;
  }
  const trailer = draw() < 0.3 ? 'X-Sum: 1\r\n' : '';
  return {
    raw: `${head}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunks}0\r\n${trailer}\r\n`,
    start,
    body,
  };
}

/** What a wire saw, as one line a message, and what it passed on. */
function follow(pieces: readonly Buffer[], framing = framingOfRequest) {
  const seen: string[] = [];
  let lost = 0;
  const wire = new HttpWire({
    head: (head) => {
      seen.push(`${head.method || head.status} `);
      return framing(head);
    },
    body: (part) => {
      seen.push(`${seen.pop()}${part}`);
    },
    end: () => {
      seen.push(`${seen.pop()}|`);
    },
    lost: () => {
      lost += 1;
    },
    rewrite: (head) => head,
  });
  const passed = Buffer.concat(pieces.map((piece) => wire.push(piece)));
  wire.close();
  return { seen, passed: passed.toString(), lost };
}

describe('following HTTP', () => {
  test('finds every message and body, and passes every byte, however they are cut', () => {
    const draw = random(17);
    for (let i = 0; i < 1_000; i++) {
      const messages = Array.from({ length: 1 + Math.floor(draw() * 4) }, () => anyMessage(draw));
      const bytes = Buffer.from(messages.map(({ raw }) => raw).join(draw() < 0.2 ? '\r\n' : ''));
      const pieces: Buffer[] = [];
      for (let from = 0; from < bytes.length; ) {
        const to = from + 1 + Math.floor(draw() ** 2 * 60);
        pieces.push(bytes.subarray(from, to));
        from = to;
      }
      const { seen, passed, lost } = follow(pieces);
      expect(passed).toBe(bytes.toString());
      expect(seen).toEqual(messages.map(({ start, body }) => `${start} ${body}|`));
      expect(lost).toBe(0);
    }
  });

  test.each([
    ['another protocol', '\x16\x03\x01\x02'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['line ends that are none', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a head without end', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(60_000)}`],
    ['a chunk of no size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['an endless chunk line', `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1${';'.repeat(10_000)}`],
  ])('gives up on %s, and passes it all the same', (_name, text) => {
    const half = Buffer.from(text).subarray(0, 3);
    const { passed, lost } = follow([half, Buffer.from(text).subarray(3), Buffer.from('and more')]);
    expect(passed).toBe(`${text}and more`);
    expect(lost).toBe(1);
  });

  test('knows which answers have no body, and which end with the connection', () => {
    const response = (status: string, method = 'POST') =>
      framingOfResponse(readHead(`HTTP/1.1 ${status} x\r\nContent-Length: 5`)!, method);
    expect(response('200')).toEqual({ kind: 'length', bytes: 5 });
    expect(response('200', 'HEAD')).toEqual({ kind: 'length', bytes: 0 });
    for (const status of ['100', '204', '304'])
      expect(response(status)).toEqual({ kind: 'length', bytes: 0 });
    expect(framingOfResponse(readHead('HTTP/1.1 200 OK')!, 'GET')).toEqual({ kind: 'close' });
    expect(
      follow([Buffer.from('HTTP/1.0 200 OK\r\n\r\nto the end')], (head) => framingOfResponse(head, 'GET'))
        .seen,
    ).toEqual(['200 to the end|']);
  });

  test('replaces values of headers, and nothing else', () => {
    const head = 'GET /host: HTTP/1.1\r\nhOsT:  a.test\r\nX-Host: b\r\nAccept-Encoding:gzip';
    const replaced = new Map([
      ['host', 'c.test'],
      ['accept-encoding', 'identity'],
    ]);
    expect(replaceHeaders(head, replaced)).toBe(
      'GET /host: HTTP/1.1\r\nhOsT: c.test\r\nX-Host: b\r\nAccept-Encoding: identity',
    );
  });
});

describe('the HTTP proxy on the wire', () => {
  /** A server that answers bytes with bytes, whatever they are. */
  async function rawServer(answer: (socket: Socket, received: string) => void) {
    let received = '';
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        received += data.toString('latin1');
        answer(socket, received);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    return { url, received: () => received, [Symbol.asyncDispose]: async () => void server.close() };
  }

  async function talk(url: URL, sent: readonly string[], expected: string): Promise<string> {
    const socket = connect(Number(url.port), url.hostname);
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    for (const piece of sent) {
      socket.write(piece, 'latin1');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    while (received.length < expected.length) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    return received;
  }

  test('passes pipelined requests, interim answers, chunks and trailers byte by byte, and reads them', async () => {
    await using receiver = await startReceiver();
    const body = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"raw"}}`;
    const post = (id: number) =>
      `POST /mcp HTTP/1.1\r\nhost: x\r\nCONTENT-length: ${body(id).length}\r\nExpect: 100-continue\r\n\r\n${body(id)}`;
    const requests = ['GET /other HTTP/1.1\r\nHost: x\r\n\r\n', post(1), post(2)].join('');
    const result = (id: number) =>
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"isError":${id === 2}}}`;
    const half = 20;
    const answers = [
      'HTTP/1.1 204 No Content\r\nDate: never\r\n\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
      `HTTP/1.1 200 Fine\r\ncontent-type: application/json\r\nContent-Length: ${result(1).length}\r\n\r\n${result(1)}`,
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\n${half.toString(16)};x=y\r\n${result(2).slice(0, half)}\r\n${(result(2).length - half + 2).toString(16)}\r\n${result(2).slice(half)}\n\n\r\n0\r\nX-Trailer: 1\r\n\r\n`,
    ].join('');
    await using server = await rawServer((socket, received) => {
      if (received.length === requests.length) socket.write(answers);
    });
    await using proxy = await proxyTo(server.url, receiver.url);
    expect(await talk(proxy.url, [requests.slice(0, 90), requests.slice(90)], answers)).toBe(answers);
    expect(server.received()).toBe(requests);
    await proxy.flush();
    expect((await receiver.until('tool_call', 2)).map(summary)).toEqual([
      'raw ok none',
      'raw tool_error tool',
    ]);
  });

  test('passes an upgraded connection', async () => {
    const upgrade = 'GET /mcp HTTP/1.1\r\nHost: x\r\nUpgrade: odd\r\nConnection: upgrade\r\n\r\n';
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\n\r\n';
    await using server = await rawServer((socket, received) => {
      socket.write(received === upgrade ? switched : received.slice(upgrade.length), 'latin1');
    });
    await using proxy = await proxyTo(server.url);
    expect(
      await talk(proxy.url, [upgrade, '\x00\xff no HTTP\r\n\r\n'], `${switched}\x00\xff no HTTP\r\n\r\n`),
    ).toBe(`${switched}\x00\xff no HTTP\r\n\r\n`);
  });
});

test('A connection that the server closed goes, also when the client keeps its side open', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await using proxy = await proxyTo(
    new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
  );
  const client = connect({ port: Number(proxy.url.port), host: '127.0.0.1', allowHalfOpen: true });
  client.write('GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(client.resume(), 'end');
  expect(await new Promise((resolve) => server.close(resolve))).toBeUndefined();
  client.destroy();
});
