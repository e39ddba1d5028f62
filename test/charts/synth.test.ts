import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [relative(folder, file), readFileSync(file, 'utf8')]),
  );

describe('npm run synth', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-lookout-synth-'));
  const dist = join(folder, 'dist');
  const synth = (environment: NodeJS.ProcessEnv = {}) =>
    run(process.execPath, [join(root, 'charts/synth.ts')], { cwd: folder, env: environment });
  let written: Record<string, string>;
  let said: { stdout: string; stderr: string };

  beforeAll(async () => {
    mkdirSync(dist);
    writeFileSync(join(dist, 'left-over.yaml'), 'of an alert that is no more');
    said = await synth();
    written = filesIn(dist);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('writes what the configuration means and nothing of before', () => {
    const folders = Object.keys(written).map((file) => file.replace(/\/[^/]+$/, ''));
    expect([...new Set(folders)].sort()).toEqual([
      'alertmanager',
      'collector',
      'dashboards',
      'manifests',
      'prometheus',
      'rules',
      'rules/tests',
      'runbooks',
    ]);
    expect(readdirSync(folder)).toEqual(['dist']);
  });

  test('says in one line what it wrote, and apart from it what will disappoint', () => {
    expect(said.stdout).toMatch(/^Wrote \d+ files to dist\/ in \d+\.\d s\n$/);
    expect(said.stderr).toContain('note: nobody is told of any alert: set receivers.page');
  });

  test('writes the same bytes a second time', async () => {
    await synth();
    expect(filesIn(dist)).toEqual(written);
  });

  test('writes the manifests that cdk8s synth writes', async () => {
    const { app, output } = parse(readFileSync(join(root, 'cdk8s.yaml'), 'utf8'));
    const [node, ...args] = app.split(' ');
    expect([node, output]).toEqual(['node', 'dist/manifests']);
    const outdir = join(folder, 'dist/by-cdk8s');
    await run(process.execPath, args, { cwd: root, env: { CDK8S_OUTDIR: outdir } });
    const manifests = Object.entries(written).filter(([file]) => file.startsWith('manifests/'));
    expect(filesIn(outdir)).toEqual(
      Object.fromEntries(manifests.map(([file, text]) => [file.slice('manifests/'.length), text])),
    );
  });

  test('leaves what it wrote before as it was when the configuration is wrong', async () => {
    const before = filesIn(dist);
    await expect(synth({ MCP_LOOKOUT_STACK: 'prod' })).rejects.toThrow(/is not an environment/);
    expect(filesIn(dist)).toEqual(before);
  });
});
