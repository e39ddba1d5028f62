import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freePorts } from '../../run/free-port.ts';
import { startProcess } from '../../run/process.ts';

/** A child that runs `script` with the port as `port`. */
function child(script: string, port: number, readyWithinMs?: number) {
  return startProcess({
    name: 'The child',
    command: process.execPath,
    args: ['--input-type=module', '-e', `const port = ${port}; ${script}`],
    readyUrl: `http://127.0.0.1:${port}/ready`,
    readyWithinMs,
  });
}

const serve = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('ready')).listen(port, '127.0.0.1');`;

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('free ports are different, and a server can listen on each', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports.slice(0, 3)) {
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    expect((server.address() as AddressInfo).port).toBe(port);
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a process is ready when it answers, keeps its log, and is gone after it was stopped', async () => {
  const [port] = await freePorts(1);
  const running = await child(`${serve} console.log('one'); console.error('two');`, port!);
  await expect.poll(() => running.log()).toEqual(expect.arrayContaining(['one', 'two']));
  await running.stop();
  expect(isAlive(running.pid)).toBe(false);
  await expect(running.ended).resolves.toBe('was ended by SIGTERM');
});

test('a process that ignores TERM is ended by KILL', async () => {
  const [port] = await freePorts(1);
  const running = await child(`process.on('SIGTERM', () => {}); ${serve}`, port!);
  await running.stop(100);
  await expect(running.ended).resolves.toBe('was ended by SIGKILL');
});

test('the log is bounded in lines and in their length', async () => {
  const [port] = await freePorts(1);
  const endless =
    "for (let i = 0; i < 2000; i++) console.log('line ' + i); console.log('x'.repeat(1e6)); console.log('end');";
  const running = await child(`${serve} ${endless}`, port!);
  await expect.poll(() => running.log().at(-1)).toBe('end');
  await running.stop();
  expect(running.log().length).toBeLessThanOrEqual(500);
  expect(running.log().at(-2)).toMatch(/^x{2000}$/);
});

test('a program that does not exist is named', async () => {
  const start = startProcess({
    name: 'Prometheus',
    command: '/nonexistent/prometheus',
    args: [],
    readyUrl: 'http://127.0.0.1:9/',
  });
  await expect(start).rejects.toThrow(
    'Prometheus did not start: there is no program /nonexistent/prometheus',
  );
});

test('a process that ends before it is ready is reported with its last words', async () => {
  const [port] = await freePorts(1);
  await expect(child("console.error('bad configuration'); process.exit(3);", port!)).rejects.toThrow(
    'The child ended with exit code 3\n  bad configuration',
  );
});

test('a port in use is said in one sentence', async () => {
  const taken = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  await expect(child(serve, port)).rejects.toThrow('its port is in use; stop the program that listens there');
  await new Promise((resolve) => taken.close(resolve));
});

test('a process that never answers is stopped and reported with the address that was asked', async () => {
  const [port] = await freePorts(1);
  const start = child("console.log('pid ' + process.pid); setInterval(() => {}, 1000);", port!, 500);
  const error = await start.catch((reason: Error) => reason.message);
  expect(error).toContain(`The child did not answer at http://127.0.0.1:${port}/ready within 0.5 s`);
  const pid = Number(/pid (\d+)/.exec(error as string)?.[1]);
  await sleep(50);
  expect(isAlive(pid)).toBe(false);
  await expect(
    new Promise((resolve, reject) => connect(port!, '127.0.0.1', () => resolve('open')).on('error', reject)),
  ).rejects.toThrow('ECONNREFUSED');
});
