import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NOWHERE } from './http-proxied.ts';
import { runProxy, script } from './proxied.ts';
import { startReceiver, summary } from './receiver.ts';

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
