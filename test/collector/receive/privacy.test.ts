import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventOf } from '../../../collector/catalogue/events.ts';
import {
  pseudonymous,
  readOrCreateKey,
  SessionHash,
  withoutPayload,
} from '../../../collector/receive/privacy.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lookout-privacy-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const call = (): EventOf<'tool_call'> => ({
  id: 'e1',
  time: '2026-11-21T09:30:15Z',
  kind: 'tool_call',
  server: 'files',
  tool: 'read',
  outcome: 'tool_error',
  session: { id: 'secret-session', type: 'chat' },
  arguments: { path: '/ä' },
  result: 'text',
  error_message: 'password is hunter2',
});

test('a session keeps its name while the key is kept, and its id cannot be read from it', async () => {
  const key = await readOrCreateKey(directory);
  expect(await readOrCreateKey(directory)).toEqual(key);
  const hash = new SessionHash(key).of('secret-session');
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(new SessionHash(await readOrCreateKey(directory)).of('secret-session')).toBe(hash);
  expect(new SessionHash(Buffer.alloc(32)).of('secret-session')).not.toBe(hash);
});

test('more sessions than are remembered keep their names', () => {
  const hash = new SessionHash(Buffer.alloc(32));
  const first = hash.of('session-0');
  for (let i = 0; i < 25_000; i++) hash.of(`session-${i}`);
  expect(hash.of('session-0')).toBe(first);
});

test('the key is for the owner only', async () => {
  const key = await readOrCreateKey(directory);
  expect(statSync(join(directory, 'session-key')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(directory, 'session-key'))).toEqual(key);
});

test('a key that is cut short is not taken for one', async () => {
  writeFileSync(join(directory, 'session-key'), 'short');
  await expect(readOrCreateKey(directory)).rejects.toThrow(
    /session-key is not a key of 32 bytes: restore it, or/,
  );
});

test('sizes stay when the payload goes, and error messages go with it', () => {
  const event = pseudonymous(call(), new SessionHash(Buffer.alloc(32)));
  expect(event).toMatchObject({ request_bytes: Buffer.byteLength('{"path":"/ä"}'), response_bytes: 6 });
  const kept = withoutPayload(event);
  expect(kept).not.toHaveProperty('arguments');
  expect(kept).not.toHaveProperty('result');
  expect(kept).not.toHaveProperty('error_message');
  expect(JSON.stringify(kept)).not.toContain('secret-session');
  expect(kept).toMatchObject({ request_bytes: 14, response_bytes: 6, session: { type: 'chat' } });
  expect(event).toHaveProperty('arguments');
});

test('sizes that the sender gave are left as they are', () => {
  const event = pseudonymous(
    { ...call(), request_bytes: 0, response_bytes: 9_000 },
    new SessionHash(Buffer.alloc(32)),
  );
  expect(event).toMatchObject({ request_bytes: 0, response_bytes: 9_000 });
});
