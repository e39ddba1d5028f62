import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { NOWHERE } from './http-proxied.ts';
import { cli, runProxy, script, untilGone } from './proxied.ts';
import { startReceiver, summary } from './receiver.ts';

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

  test.each([
    ['SIGPIPE', 141],
    ['SIGUSR1', 138],
  ])('with the code that a shell gives %s, which does not end a Node process', async (name, expected) => {
    const { ended } = runProxy(NOWHERE, ['sh', '-c', `kill -${name.slice(3)} $$`]);
    expect(await ended).toMatchObject({ code: expected, stderr: '' });
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
