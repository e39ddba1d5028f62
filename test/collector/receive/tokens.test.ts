import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TokenFile } from '../../../collector/receive/tokens.ts';

let directory: string;
let file: string;
let log: string;
let tokens: TokenFile;
const logger = pino({ base: null }, { write: (line: string) => (log += line) });
const open = async () => {
  tokens = await TokenFile.open(file, logger);
};
const admits = (token: string) => tokens.admits(`Bearer ${token}`);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-tokens-'));
  file = join(directory, 'tokens');
  log = '';
});
afterEach(() => {
  tokens.close();
  rmSync(directory, { recursive: true });
});

test('each line is a token, and comments and blanks are none', async () => {
  writeFileSync(file, '# for the gateway\nfirst-token\n\n  second-token\r\n#third-token\n');
  await open();
  expect(['first-token', 'second-token'].map(admits)).toEqual([true, true]);
  expect(
    ['third-token', '#third-token', '', 'first-token2', 'first-toke', 'FIRST-TOKEN'].map(admits),
  ).not.toContain(true);
});

test.each([undefined, '', 'first-token', 'Basic first-token', 'Bearer', 'Bearer ', 'Bearer a first-token'])(
  'the header %o admits nobody',
  async (header) => {
    writeFileSync(file, 'first-token\n');
    await open();
    expect(tokens.admits(header)).toBe(false);
    expect(tokens.admits('bearer  first-token ')).toBe(true);
  },
);

test('a file that is missing admits nobody and says what to do, until it is there', async () => {
  await open();
  expect(admits('first-token')).toBe(false);
  expect(tokens.admits(undefined)).toBe(false);
  expect(log).toContain('cannot be read (ENOENT): write one bearer token a line');
  writeFileSync(file, 'first-token\n');
  await vi.waitFor(() => expect(admits('first-token')).toBe(true), 5_000);
});

test('a file without a token admits nobody and says so', async () => {
  writeFileSync(file, '# nothing yet\n');
  await open();
  expect(admits('# nothing yet')).toBe(false);
  expect(log).toContain('holds no token');
});

test('tokens change with the file, also when they are as long and as old, and are never logged', async () => {
  writeFileSync(file, 'token-1');
  await open();
  writeFileSync(file, 'token-2');
  await vi.waitFor(() => expect([admits('token-1'), admits('token-2')]).toEqual([false, true]), 5_000);
  rmSync(file);
  await vi.waitFor(() => expect(admits('token-2')).toBe(false), 5_000);
  expect(log).not.toMatch(/token-\d/);
});

test('a folder swapped by a symbolic link, as Kubernetes does it, is seen', async () => {
  const version = (name: string, token: string) => {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'tokens'), token);
    symlinkSync(name, join(directory, 'draft'));
    renameSync(join(directory, 'draft'), join(directory, 'data'));
  };
  version('v1', 'token-1');
  symlinkSync(join('data', 'tokens'), file);
  await open();
  expect(admits('token-1')).toBe(true);
  version('v2', 'token-2');
  await vi.waitFor(() => expect([admits('token-1'), admits('token-2')]).toEqual([false, true]), 5_000);
});
