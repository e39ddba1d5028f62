import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBinaries } from '../../run/binaries/find.ts';
import { toolNames, tools } from '../../run/binaries/tools.ts';

const run = (file: string) => resolve(import.meta.dirname, '../../run', file);

/** Where the stack puts its data, so that a test sees what is left of it. */
let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'mcp-lookout-test-'));
});
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

async function start(file: string, args: readonly string[], waitFor: string): Promise<Started> {
  const child = spawn(process.execPath, [run(file), ...args], { env: { ...process.env, TMPDIR: temporary } });
  let output = '';
  const ended = new Promise<number | null>((done) => child.on('close', done));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const over = ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${output}`)));
  over.catch(() => {});
  await Promise.race([over, expect.poll(() => output, { timeout: 60_000 }).toContain(waitFor)]);
  return { child, output: () => output, ended };
}

/** Processes that `parent` started, by pid, with their command lines. */
function childrenOf(parent: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of readdirSync('/proc').map(Number).filter(Boolean)) {
    try {
      const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
      if (Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue;
      found.set(pid, readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

const alive = (pids: Iterable<number>) =>
  [...pids].filter((pid) => readdirSync('/proc').includes(String(pid)));
const dataFolders = () => readdirSync(temporary).filter((name) => name.startsWith('mcp-lookout-'));

test('npm start runs the stack, says how to send an event, and TERM leaves neither process nor data', async () => {
  const { child, output, ended } = await start('start.ts', [], 'Waiting for events');
  const children = childrenOf(child.pid!);
  expect(
    [...children.values()].map(
      (line) => /collector|alertmanager|prometheus/.exec(line.split(' --')[0]!)?.[0],
    ),
  ).toHaveLength(3);
  expect(dataFolders()).toHaveLength(1);

  const url = /curl (http:\S+)/.exec(output())![1]!;
  const event = { id: 'e1', time: new Date().toISOString(), kind: 'session_start', server: 'files' };
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  expect([answer.status, await answer.json()]).toEqual([202, { accepted: 1, duplicates: 0, rejected: [] }]);

  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(alive(children.keys())).toEqual([]);
  expect(dataFolders()).toEqual([]);
});

test('when a process of the stack ends, the rest is stopped and one sentence says which', async () => {
  const { child, output, ended } = await start('start.ts', [], 'Waiting for events');
  const children = childrenOf(child.pid!);
  const [prometheus] = [...children].find(([, line]) => line.includes('--storage.tsdb.path'))!;
  process.kill(prometheus, 'SIGKILL');
  expect(await ended).toBe(1);
  expect(output()).toMatch(/\nPrometheus was ended by SIGKILL: .*\n$/);
  expect(alive(children.keys())).toEqual([]);
  expect(dataFolders()).toEqual([]);
});

test('a demo that is interrupted stops everything and is no success', async () => {
  const { child, ended } = await start('demo.ts', ['--once'], 'Expected alerts');
  const children = childrenOf(child.pid!);
  expect(children.size).toBe(3);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(alive(children.keys())).toEqual([]);
  expect(dataFolders()).toEqual([]);
});

test.each(['demo.ts', 'start.ts', 'binaries/main.ts'])(
  '%s explains itself and refuses what it does not know',
  (file) => {
    const help = spawnSync(process.execPath, [run(file), '--help'], { encoding: 'utf8' });
    expect(help.status).toBe(0);
    expect(help.stdout).toMatch(/^Usage: /);
    const wrong = spawnSync(process.execPath, [run(file), '--onec'], { encoding: 'utf8' });
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toMatch(/'--onec'.*\n$/);
  },
);

test('a binary that does not start is reported by one sentence with its last words', {
  timeout: 300_000,
}, async () => {
  const binaries = await findBinaries();
  const env: Record<string, string> = { PATH: '', TMPDIR: temporary, HOME: temporary };
  for (const tool of toolNames) env[tools[tool].variable] = binaries[tool].path;
  // promtool says the right version, but is no Prometheus.
  env.MCP_LOOKOUT_PROMETHEUS = binaries.promtool.path;
  const { status, stderr } = spawnSync(process.execPath, [run('start.ts')], { encoding: 'utf8', env });
  expect(status).toBe(1);
  expect(stderr).toMatch(/\nPrometheus ended with exit code \d+\n(.*\n)*.*unknown/);
  expect(dataFolders()).toEqual([]);
});
