import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as sources from '../../observe/src/index.ts';
import type * as declared from '../../observe/types/index.d.ts';
import { startReceiver, summary } from './receiver.ts';

// Hand-written declarations must be those of the sources, in both directions.
const _declared: typeof declared = sources;
const _sources: typeof sources = _declared;

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'observe-built-'));
const run = promisify(execFile);

/** Every Node on this machine's PATH, since the package must also run on older ones than its tests do. */
const nodes = new Map<string, string>();
for (const directory of [join(process.execPath, '..'), ...(process.env.PATH ?? '').split(delimiter)]) {
  const node = join(directory, 'node');
  if (!existsSync(node)) continue;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  if (Number(/^v(\d+)/.exec(version)?.[1]) >= 18 && !nodes.has(version)) nodes.set(version, node);
}

beforeAll(async () => {
  const installed = join(folder, 'node_modules/mcp-lookout-observe');
  mkdirSync(installed, { recursive: true });
  process.env.OBSERVE_DIST = join(installed, 'dist');
  const { default: config } = await import('../../observe/rolldown.config.ts');
  for (const one of config) await build({ ...one, logLevel: 'silent' } as BuildOptions);
  delete process.env.OBSERVE_DIST;
  writeFileSync(join(installed, 'package.json'), readFileSync(join(root, 'observe/package.json')));
  for (const name of ['@modelcontextprotocol', 'zod']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const body = `
  const [near, far] = InMemoryTransport.createLinkedPair();
  const server = new McpServer({ name: 'built', version: '1' });
  server.registerTool('greet', {}, () => ({ content: [{ type: 'text', text: 'hi' }] }));
  (async () => {
    observeHttp();
    await observe(server).connect(far);
    const client = new Client({ name: 'built-client', version: '1' });
    await client.connect(near);
    await client.callTool({ name: 'greet', arguments: {} });
    await client.close();
  })();
`;
const from = {
  observe: 'mcp-lookout-observe',
  v1: [
    '@modelcontextprotocol/sdk/inMemory.js',
    '@modelcontextprotocol/sdk/server/mcp.js',
    '@modelcontextprotocol/sdk/client/index.js',
  ],
  v2: ['@modelcontextprotocol/server', '@modelcontextprotocol/server', '@modelcontextprotocol/client'],
};
const esm = (major: 'v1' | 'v2') => `
  import { observe, observeHttp } from '${from.observe}';
  import { InMemoryTransport } from '${from[major][0]}';
  import { McpServer } from '${from[major][1]}';
  import { Client } from '${from[major][2]}';
  ${body}`;
const cjs = (major: 'v1' | 'v2') => `
  const { observe, observeHttp } = require('${from.observe}');
  const { InMemoryTransport } = require('${from[major][0]}');
  const { McpServer } = require('${from[major][1]}');
  const { Client } = require('${from[major][2]}');
  ${body}`;

const variants = [...nodes].flatMap(([version, node]) =>
  (['v1', 'v2'] as const).flatMap((major) => [
    { version, node, major, system: 'ESM', file: `${major}.mjs`, code: esm(major) },
    { version, node, major, system: 'CommonJS', file: `${major}.cjs`, code: cjs(major) },
  ]),
);

describe.concurrent('the built package', () => {
  test.each(variants)(
    'on Node $version as $system, around a server of SDK $major',
    async ({ node, version, file, code }) => {
      await using receiver = await startReceiver();
      const path = join(folder, `${version}-${file}`);
      writeFileSync(path, code);
      const { stdout, stderr } = await run(node, [path], { env: { MCP_LOOKOUT_URL: receiver.url } });
      expect([stdout, stderr]).toEqual(['', '']);
      expect(receiver.of('tool_call').map(summary)).toEqual(['greet ok none']);
      expect(receiver.of('session_end')).toHaveLength(1);
    },
  );

  test.each([...nodes])('is a command on Node %s', async (_version, node) => {
    const cli = join(folder, 'node_modules/mcp-lookout-observe/dist/cli.mjs');
    expect(readFileSync(cli, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout } = await run(node, [cli, '--help']);
    expect(stdout).toContain('--http URL');
    const echo = [cli, '--url', 'http://127.0.0.1:9', '--', process.execPath, '-p', '6 * 7'];
    expect((await run(node, echo)).stdout).toBe('42\n');
    await expect(run(node, [cli])).rejects.toMatchObject({
      code: 2,
      stderr: 'mcp-lookout-observe: give either --http URL, or -- and the command that starts the server\n',
    });
    await expect(run(node, [cli, '--http', 'localhost'])).rejects.toMatchObject({ code: 2 });
  });

  test('needs nothing but Node', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'observe/package.json'), 'utf8'));
    expect(Object.keys(manifest).filter((key) => /dependencies$/i.test(key))).toEqual([]);
    for (const file of ['index.mjs', 'index.cjs', 'cli.mjs']) {
      const code = readFileSync(join(folder, 'node_modules/mcp-lookout-observe/dist', file), 'utf8');
      const imported = [...code.matchAll(/(?:\bfrom |\brequire\()"([^"]+)"/g)].map(([, name]) => name!);
      expect(imported.length).toBeGreaterThan(0);
      expect(imported.filter((name) => !name.startsWith('node:'))).toEqual([]);
    }
  });
});
