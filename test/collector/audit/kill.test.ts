import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readJournal } from '../../../collector/audit/journal-reader.ts';
import type { CollectorConfig } from '../../../collector/config.ts';
import { CollectorProcess } from '../process-of-its-own.ts';
import { testConfig } from '../running.ts';
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
    await new Promise((resolve) => setTimeout(resolve, 900 + round * 370));
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
