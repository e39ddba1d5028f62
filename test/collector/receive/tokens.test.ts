import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TokenFile } from '../../../collector/receive/tokens.ts';

let directory: string;
let file: string;
let log: string;
let tokens: TokenFile;
const logger = pino({ base: null }, { write: (line: string) => (log += line) });
const open = async () => {
  tokens = await TokenFile.open(file, 1_000, logger);
};
const senderOf = (token: string) => tokens.senderOf(`Bearer ${token}`);
const admits = (token: string) => senderOf(token) !== undefined;

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
    expect(tokens.senderOf(header)).toBeUndefined();
    expect(tokens.senderOf('bearer  first-token ')).toBeDefined();
  },
);

test('a file that is missing admits nobody and says what to do, until it is there', async () => {
  await open();
  expect(admits('first-token')).toBe(false);
  expect(tokens.senderOf(undefined)).toBeUndefined();
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

describe('a line with more than a token', () => {
  test('names its holder and says what it may send', async () => {
    writeFileSync(file, 'one\ntwo name=gateway-eu events_per_second=50\n\nthree   events_per_second=7\r\n');
    await open();
    const known = ['one', 'two', 'three'].map((token) => senderOf(token)!);
    expect(known.map(({ name, limit }) => [name, limit.rate])).toEqual([
      ['line 1', 1_000],
      ['gateway-eu', 50],
      ['line 4', 7],
    ]);
    expect(admits('two name=gateway-eu')).toBe(false);
  });

  test.each([
    ['events_per_second=0', 'events_per_second must be a whole number from 1'],
    ['events_per_second=1e9', 'events_per_second must be a whole number from 1'],
    ['name=', 'name must be 1 to 64 letters, digits, "_", "." or "-"'],
    ['other-half-of-a-token', 'only name=… and events_per_second=… may follow a token'],
  ])(
    'that cannot be read (%s) admits its token with the common limit, and says what to mend',
    async (rest, why) => {
      writeFileSync(file, `# a comment\nsecret-token ${rest}\n`);
      await open();
      expect(senderOf('secret-token')).toMatchObject({ name: 'line 2', limit: { rate: 1_000 } });
      expect(JSON.parse(log.split('\n')[0]!).msg).toMatch(new RegExp(`is ignored \\(line 2\\): ${why}$`));
      expect(log).not.toMatch(/secret-token|other-half/);
    },
  );

  test('keeps what its holder has spent when the file changes, unless its limit does', async () => {
    writeFileSync(file, 'one events_per_second=5\n');
    await open();
    senderOf('one')!.limit.spend(1_000);
    expect(senderOf('one')!.limit.waitSeconds).toBeGreaterThan(100);
    writeFileSync(file, 'one name=gateway events_per_second=5\ntwo\n');
    await vi.waitFor(() => expect(admits('two')).toBe(true), 5_000);
    expect(senderOf('one')!.limit.waitSeconds).toBeGreaterThan(100);
    writeFileSync(file, 'one name=gateway events_per_second=6\n');
    await vi.waitFor(() => expect(senderOf('one')!.limit.waitSeconds).toBe(0), 5_000);
  });
});
