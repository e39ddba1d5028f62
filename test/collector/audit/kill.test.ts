import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { indexFile } from '../../../collector/audit/index-file.ts';
import { readJournal } from '../../../collector/audit/journal-reader.ts';
import type { CollectorConfig } from '../../../collector/config.ts';
import { CollectorProcess } from '../process-of-its-own.ts';
import { testConfig, toolCall } from '../running.ts';
import { listAll, sendEnded, usersInIndex } from './sessions-of.ts';

const ROUNDS = 3;

let config: CollectorConfig;
beforeEach(() => {
  config = testConfig({ snapshotIntervalSeconds: 0.3, journalSegmentBytes: 128 * 1024 });
});
afterEach(() => rmSync(config.dataDirectory, { recursive: true, force: true }));

/** Ends sessions one batch after the other until the collector is gone. */
async function load(collector: CollectorProcess, round: number): Promise<void> {
  for (let batch = 0; ; batch++) {
    const names = Array.from({ length: 1 + (batch % 40) }, (_, i) => `${round}-${batch}-${i}`);
    try {
      await sendEnded(collector, names);
    } catch {
      return;
    }
  }
}

/** The users of all sessions that ended, as the journal has them. */
async function usersInJournal(): Promise<string[]> {
  const users = new Map<string, string>();
  const ended: string[] = [];
  const all = { segment: Number.MAX_SAFE_INTEGER, offset: 0 };
  for await (const { events } of readJournal(join(config.dataDirectory, 'journal'), all)) {
    for (const { kind, user, session } of events) {
      if (user !== undefined) users.set(session!.id, user);
      if (kind === 'session_end') ended.push(session!.id);
    }
  }
  return [...new Set(ended)].map((id) => users.get(id)!).sort();
}

test('after kill -9 at any moment no ended session is missing in the index and none is there twice', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const collector = await CollectorProcess.start(config);
    const loaded = load(collector, round);
    await setTimeout(900 + round * 370);
    await collector.end('SIGKILL');
    await loaded;
  }
  const collector = await CollectorProcess.start(config);
  const expected = await usersInJournal();
  expect(expected.length).toBeGreaterThan(200);
  const { sessions } = await vi.waitFor(
    async () => {
      const list = await listAll(collector.ports.pages);
      expect(list).not.toHaveProperty('missing');
      return list;
    },
    { timeout: 45_000, interval: 200 },
  );
  expect(sessions.map(({ user }) => user).sort()).toEqual(expected);
  expect(await collector.end('SIGTERM')).toBe(0);
  expect(usersInIndex(config)).toEqual(expected);
}, 180_000);

test('sessions that fall silent while the index is locked are in it after kill -9, although the journal stood still', async () => {
  config = { ...config, sessionIdleSeconds: 8 };
  const collector = await CollectorProcess.start(config);
  const users = ['silent one', 'silent two'];
  await sendEnded(collector, ['ended']);
  await collector.send(users.map((user) => toolCall({ user, session: { id: user } })));
  await vi.waitFor(() => expect(usersInIndex(config)).toHaveLength(1), { timeout: 45_000 });
  // Until the index has come as far as the journal.
  await setTimeout(1_500);
  const lock = new DatabaseSync(indexFile(config.dataDirectory));
  lock.exec('BEGIN IMMEDIATE');
  await vi.waitFor(
    async () => expect((await listAll(collector.ports.pages, 'state=idle')).sessions).toHaveLength(2),
    { timeout: 45_000, interval: 100 },
  );
  // And until a snapshot knows that they have ended.
  const idleMs = Date.now();
  await vi.waitFor(
    () => expect(statSync(join(config.dataDirectory, 'snapshot')).mtimeMs).toBeGreaterThan(idleMs + 2_000),
    { timeout: 45_000, interval: 100 },
  );
  await collector.end('SIGKILL');
  lock.close();
  expect(usersInIndex(config)).toEqual(['user of ended']);
  const again = await CollectorProcess.start(config);
  await vi.waitFor(() => expect(usersInIndex(config)).toEqual([...users, 'user of ended']), {
    timeout: 20_000,
  });
  expect(await again.end('SIGTERM')).toBe(0);
}, 90_000);
