import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventOf } from '../../../collector/catalogue/events.ts';
import {
  measurePayload,
  readOrCreateKey,
  SessionHash,
  withoutPayload,
} from '../../../collector/receive/privacy.ts';
import { Settings } from '../../../collector/receive/settings.ts';

let directory: string;
const log: string[] = [];
const logger = pino({ base: null }, { write: (line: string) => log.push(line) });
beforeEach(() => {
  log.length = 0;
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
  const key = await readOrCreateKey(directory, logger);
  expect(await readOrCreateKey(directory, logger)).toEqual(key);
  const hash = new SessionHash(key).of('secret-session');
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(new SessionHash(await readOrCreateKey(directory, logger)).of('secret-session')).toBe(hash);
  expect(new SessionHash(Buffer.alloc(32)).of('secret-session')).not.toBe(hash);
});

test('more sessions than are remembered keep their names', () => {
  const hash = new SessionHash(Buffer.alloc(32));
  const first = hash.of('session-0');
  for (let i = 0; i < 25_000; i++) hash.of(`session-${i}`);
  expect(hash.of('session-0')).toBe(first);
});

test('the key is for the owner only', async () => {
  const key = await readOrCreateKey(directory, logger);
  expect(statSync(join(directory, 'session-key')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(directory, 'session-key'))).toEqual(key);
});

test('a key that is gone while its journal is there is made anew, and that is said', async () => {
  await readOrCreateKey(directory, logger);
  expect(log).toEqual([]);
  rmSync(join(directory, 'session-key'));
  mkdirSync(join(directory, 'journal'));
  await readOrCreateKey(directory, logger);
  expect(log.join('')).toContain('session-key is missing, so a new key is made');
});

test('a key that is cut short is not taken for one', async () => {
  writeFileSync(join(directory, 'session-key'), 'short');
  await expect(readOrCreateKey(directory, logger)).rejects.toThrow(
    /session-key is not a key of 32 bytes: restore it, or/,
  );
});

test('sizes stay when the payload goes, and error messages go with it', () => {
  const event = call();
  measurePayload(event);
  expect(event).toMatchObject({ request_bytes: Buffer.byteLength('{"path":"/ä"}'), response_bytes: 6 });
  const kept = withoutPayload(event);
  expect(kept).not.toHaveProperty('arguments');
  expect(kept).not.toHaveProperty('result');
  expect(kept).not.toHaveProperty('error_message');
  expect(kept).toMatchObject({ request_bytes: 14, response_bytes: 6, session: { type: 'chat' } });
  expect(event).toHaveProperty('arguments');
});

test('sizes that the sender gave are left as they are', () => {
  const event = { ...call(), request_bytes: 0, response_bytes: 9_000 };
  measurePayload(event);
  expect(event).toMatchObject({ request_bytes: 0, response_bytes: 9_000 });
});

describe('the setting of an event', () => {
  const hash = new SessionHash(Buffer.alloc(32));
  const settings = new Settings(hash);
  /** The name that an event's session gets, and what of its setting is kept. */
  function kept(fields: Partial<EventOf<'tool_call'>> = {}, with_ = settings) {
    const event = { ...call(), session: { id: 'secret-session', type: 'chat' }, ...fields };
    const { text } = with_.of(event)!;
    expect(text).not.toContain('secret-session');
    expect(JSON.parse(text)).toEqual({
      server: event.server,
      ...(event.client && { client: event.client }),
      ...(event.user && { user: event.user }),
      ...(event.session && { session: event.session }),
      ...(event.source && { source: event.source }),
      ...(event.environment && { environment: event.environment }),
    });
    return event.session.id;
  }

  test('holds the keyed hash of its session, and never the id', () => {
    expect(kept()).toBe(hash.of('secret-session'));
    expect(kept()).toBe(hash.of('secret-session'));
  });

  test.each<Partial<EventOf<'tool_call'>>>([
    { server: 'mail' },
    { client: { name: 'desk' } },
    { client: { name: 'desk', version: '2' } },
    { user: 'ada' },
    { session: { id: 'secret-session' } },
    { session: { id: 'secret-session', origin: 'trace' } },
    { source: '192.0.2.1' },
    { environment: 'test' },
  ])('is its own where a session changes %o, also in turns', (change) => {
    for (let turn = 0; turn < 3; turn++) {
      expect(kept()).toBe(hash.of('secret-session'));
      expect(kept(structuredClone(change))).toBe(hash.of('secret-session'));
    }
    for (let i = 0; i < 20; i++) kept({ user: `user-${i}` });
    kept();
  });

  test('outlives more sessions than are remembered, and there need be no session', () => {
    const few = new Settings(hash);
    for (let i = 0; i < 25_000; i++) kept({ session: { id: `session-${i}` } }, few);
    expect(kept({}, few)).toBe(hash.of('secret-session'));
    const { session: _, ...event } = call();
    expect(few.of(event)).toBeUndefined();
  });
});
