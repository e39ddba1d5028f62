import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pino from 'pino';
import { rolldown } from 'rolldown';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { McpEvent } from '../../collector/catalogue/events.ts';
import type { CollectorConfig } from '../../collector/config.ts';
import { createInstruments } from '../../collector/instruments.ts';
import { Journal } from '../../collector/journal/journal.ts';
import { encodeRecord } from '../../collector/journal/record.ts';
import { freePorts } from '../../run/free-port.ts';
import { CollectorProcess } from './process-of-its-own.ts';
import { RunningCollector, testConfig, toolCall } from './running.ts';

const main = resolve(import.meta.dirname, '../../collector/main.ts');
let config: CollectorConfig;
beforeEach(() => {
  config = testConfig();
});
afterEach(() => rmSync(config.dataDirectory, { recursive: true, force: true }));

const run = (...args: string[]) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
const configFile = (content: object) => {
  const file = join(config.dataDirectory, 'config.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
};
/** Starting with this configuration ends with exit code 1 and one sentence. */
async function refusal(content: object): Promise<string> {
  const { code, stderr } = await run('--config', configFile(content));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^collector: [^\n]+\n$/);
  return stderr;
}

test('--help says how it is used', async () => {
  expect(await run('--help')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Usage: node collector\/main\.ts --config <file>/),
    stderr: '',
  });
});

test.each([
  [[], '--config is missing: name the configuration file'],
  [['--confg', 'x'], "Unknown option '--confg'"],
  [['--config', '/nowhere/config.json'], "cannot read the collector's configuration /nowhere/config.json"],
])('the arguments %o end with a sentence', async (args, sentence) => {
  const { code, stderr } = await run(...args);
  expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
});

test('a wrong key in the configuration is named', async () => {
  const limits = { ...config.limits, bodyBites: 1 };
  expect(await refusal({ ...config, limits })).toContain(
    'config.json: limits.bodyBites is not a known setting: remove it or mend its name',
  );
  expect(await refusal({ ...config, latenessSeconds: -1 })).toContain(
    'config.json: latenessSeconds must be > 0',
  );
});

test.each(['ingest', 'operations', 'pages'] as const)('a port in use says which: %s', async (name) => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as { port: number };
  const sentence = await refusal({ ...config, [name]: { host: '127.0.0.1', port } });
  other.close();
  expect(sentence).toBe(
    `collector: port ${port} on 127.0.0.1 is in use: end what listens there, or set another ${name}.port\n`,
  );
});

test('an address that is not of this machine is named', async () => {
  expect(await refusal({ ...config, operations: { host: '192.0.2.1', port: 9464 } })).toContain(
    'cannot listen on 192.0.2.1:9464 (EADDRNOTAVAIL): set operations.host to an address of this machine',
  );
});

test('a full disk is told as one', async () => {
  symlinkSync('/dev/full', join(config.dataDirectory, 'session-key.draft'));
  expect(await refusal(config)).toBe(
    `collector: the disk of the data directory ${config.dataDirectory} is full: free some space on it\n`,
  );
});

test('a data directory that cannot be one is named', async () => {
  const file = join(config.dataDirectory, 'file');
  writeFileSync(file, '');
  expect(await refusal({ ...config, dataDirectory: file })).toMatch(
    /cannot write to the data directory .*: make it writable, or set dataDirectory/,
  );
  mkdirSync(join(config.dataDirectory, 'snapshot'));
  writeFileSync(join(config.dataDirectory, 'journal'), '');
  expect(await refusal(config)).toMatch(/cannot write to the data directory .*EEXIST/);
});

test('after a start that failed nothing is left open, so that the next succeeds', async () => {
  const collector = await RunningCollector.start(config);
  const taken = { host: '127.0.0.1', port: collector.ports.ingest };
  const second = testConfig({ ingest: taken });
  await expect(RunningCollector.start(second)).rejects.toThrow(/is in use/);
  await collector.stop();
  const third = await RunningCollector.start(second);
  expect(third.ports.ingest).toBe(taken.port);
  await third.end();
});

test('SIGINT ends it as SIGTERM does', async () => {
  const collector = await CollectorProcess.start(config);
  expect(await collector.send(toolCall())).toMatchObject({ status: 202 });
  expect(await collector.end('SIGINT')).toBe(0);
  expect(collector.stderr).toBe('');
});

test('as one bundled file, far from its dependencies, it does the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lookout-bundle-'));
  const bundle = await rolldown({ input: main, platform: 'node', logLevel: 'silent' });
  await bundle.write({
    file: join(folder, 'collector.mjs'),
    format: 'esm',
    codeSplitting: false,
    minify: true,
  });
  await bundle.close();
  const collector = await CollectorProcess.start(config, '', join(folder, 'collector.mjs'));
  expect(collector.stderr).toBe('');
  expect(await collector.send([toolCall(), toolCall()])).toMatchObject({
    status: 202,
    body: { accepted: 2 },
  });
  expect((await collector.operations('/metrics')).text).toContain('mcp_tool_calls_total{');
  expect(await collector.end('SIGTERM')).toBe(0);
  rmSync(folder, { recursive: true });
});

test('a signal during the replay ends the start at once and with 0', async () => {
  const journal = await Journal.open({
    directory: join(config.dataDirectory, 'journal'),
    segmentBytes: config.journalSegmentBytes,
    retentionBytes: config.journalRetentionBytes,
    retentionSeconds: config.journalRetentionSeconds,
    queueBytes: config.limits.bytesInFlight,
    instruments: createInstruments(config, Date.now),
    logger: pino({ level: 'silent' }),
  });
  for (let i = 0; i < 200; i++) {
    const events = Array.from({ length: 1_000 }, () => toolCall() as McpEvent);
    await journal.append(encodeRecord({ receivedMs: Date.now(), sourceKind: 'native', events }), () => {});
  }
  await journal.close();

  const [port] = await freePorts(1);
  const starting = CollectorProcess.begin({ ...config, operations: { host: '127.0.0.1', port: port! } });
  const ready = () => fetch(`http://127.0.0.1:${port}/readyz`).then((answer) => answer.text());
  await vi.waitFor(async () => expect(await ready()).toContain('being replayed'), {
    interval: 5,
    timeout: 30_000,
  });
  expect(await starting.end('SIGTERM')).toBe(0);
  expect(starting.log).not.toContain('the collector takes events');
});
