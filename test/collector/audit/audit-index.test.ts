import { closeSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { indexFile } from '../../../collector/audit/index-file.ts';
import {
  collectorEvictions,
  collectorIndexErrors,
  collectorIndexLag,
  collectorIndexRebuilds,
} from '../../../collector/catalogue/collector-metrics.ts';
import { collectorDefaults } from '../../../collector/config.ts';
import { seeded } from '../../random.ts';
import { samplesFor } from '../exposition.ts';
import { RunningCollector, testConfig, toolCall } from '../running.ts';
import { type Listed, listAll, sendEnded, usersInIndex } from './sessions-of.ts';

const names = (count: number, prefix = 'session') =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
const usersOf = (sessions: readonly Listed[]) => sessions.map(({ user }) => user).sort();
const expectedUsers = (of: readonly string[]) => of.map((name) => `user of ${name}`).sort();

let collector: RunningCollector;
beforeEach(async () => {
  collector = await RunningCollector.start(testConfig({ snapshotIntervalSeconds: 0.2 }));
});
afterEach(() => collector.end());

const list = (query?: string) => listAll(collector.ports.pages, query);

async function restart(meanwhile: (file: string) => void = () => {}): Promise<void> {
  await collector.stop();
  meanwhile(indexFile(collector.config.dataDirectory));
  collector = await RunningCollector.start(collector.config);
}

/** Waits until the pages miss nothing any more. */
const whole = () =>
  vi.waitFor(async () => expect(await list('limit=1')).not.toHaveProperty('missing'), {
    timeout: 45_000,
    interval: 200,
  });

/** Has the file in its hands, so that nobody else can write it, until told to let go. */
function lock(): () => void {
  const database = new DatabaseSync(indexFile(collector.config.dataDirectory));
  database.exec('BEGIN IMMEDIATE');
  return () => database.close();
}

describe('ended sessions', () => {
  test('are found when memory has long forgotten them, also after a restart, with their timeline', async () => {
    const sent = names(2_400);
    await sendEnded(collector, sent);
    for (let round = 0; round < 2; round++) {
      expect(usersOf((await list()).sessions)).toEqual(expectedUsers(sent));
      const { sessions } = await list(
        `user=${encodeURIComponent('user of session 0')}&tool=read&server=files&state=ended`,
      );
      expect(sessions).toMatchObject([{ calls: 1, state: 'ended' }]);
      const response = await fetch(
        `http://127.0.0.1:${collector.ports.pages}/api/sessions/${sessions[0]!.id}`,
      );
      const { timeline, tools } = (await response.json()) as {
        timeline: { events: object[] };
        tools: object[];
      };
      expect(timeline.events).toMatchObject([{ kind: 'tool_call', tool: 'read' }, { kind: 'session_end' }]);
      expect(tools).toEqual([{ tool: 'files/read', calls: 1 }]);
      await restart();
    }
    const { text } = await collector.operations('/metrics');
    expect(samplesFor(text, collectorIndexRebuilds).filter(({ value }) => value > 0)).toEqual([]);
  });
});

test('sessions that fall silent right before a stop are in the index, although the journal stood still', async () => {
  const users = names(3, 'silent');
  await sendEnded(collector, ['ended']);
  expect((await collector.send(users.map((user) => toolCall({ user, session: { id: user } })))).status).toBe(
    202,
  );
  // Until the index has come as far as the journal.
  await vi.waitFor(() => expect(usersInIndex(collector.config)).toHaveLength(1), { timeout: 10_000 });
  await setTimeout(2_000);
  collector.stepClock(collector.config.sessionIdleSeconds * 2_000);
  await vi.waitFor(async () => expect((await list('state=idle')).sessions).toHaveLength(3), {
    timeout: 10_000,
    interval: 20,
  });
  await collector.stop();
  expect(usersInIndex(collector.config)).toEqual(['user of ended', ...users].sort());
});

test('findings that memory has forgotten are found, also in an index that was made anew', async () => {
  await collector.end();
  const limits = { ...collectorDefaults.limits, findings: 1 };
  collector = await RunningCollector.start(testConfig({ baselineMinimumSessions: 2, limits }));
  await sendEnded(collector, names(2, 'usual'));
  const explored = names(3, 'explored').map((id) =>
    Array.from({ length: 12 }, (_, i) =>
      toolCall({ session: { id, type: 'chat' }, tool: `tool-${i}`, user: id }),
    ),
  );
  for (const events of explored) expect((await collector.send(events)).status).toBe(202);
  const found = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${collector.ports.pages}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const all = async () => {
    const { text } = await found('/api/findings');
    return JSON.parse(text).findings as { id: string; user: string; session: string }[];
  };
  for (let round = 0; round < 2; round++) {
    await vi.waitFor(
      async () => expect((await all()).map(({ user }) => user).sort()).toEqual(names(3, 'explored')),
      {
        timeout: 20_000,
        interval: 200,
      },
    );
    for (const { id, session } of await all()) {
      expect((await found(`/sessions/${session}`)).text).toContain('12 distinct tools');
      expect(await found(`/findings/${id}`)).toMatchObject({ status: 200 });
    }
    await restart((file) => rmSync(file));
  }
});

describe('the index is made anew from the journal', () => {
  const random = seeded(3);
  test.each([
    ['that is missing', 'missing', (file: string) => rmSync(file)],
    [
      'that was cut off',
      'damaged',
      (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096),
    ],
    [
      'that is something else',
      'damaged',
      (file: string) => writeFileSync(file, 'no database\n'.repeat(2_000)),
    ],
    [
      'that has other bytes in its middle',
      'damaged',
      (file: string) => {
        const handle = openSync(file, 'r+');
        const bytes = Buffer.from(
          Array.from({ length: statSync(file).size - 8192 }, () => Math.floor(random() * 256)),
        );
        writeSync(handle, bytes, 0, bytes.length, 8192);
        closeSync(handle);
      },
    ],
    [
      'of another version',
      'version',
      (file: string) => {
        const database = new DatabaseSync(file);
        database.exec('PRAGMA user_version = 2; ALTER TABLE sessions RENAME COLUMN revision TO edition');
        database.close();
      },
    ],
    [
      'that lacks sessions which memory no longer has',
      'behind',
      (file: string) => {
        const database = new DatabaseSync(file);
        database.exec('UPDATE progress SET offset = 0');
        database.close();
      },
    ],
    [
      'of a journal that was replaced by an older one',
      'ahead',
      (file: string) => {
        const database = new DatabaseSync(file);
        database.exec('UPDATE progress SET segment = 1000');
        database.close();
      },
    ],
  ] as const)('in place of a file %s', async (_, reason, harm) => {
    const sent = names(300);
    await sendEnded(collector, sent);
    await restart(harm);
    await whole();
    expect(usersOf((await list()).sessions)).toEqual(expectedUsers(sent));
    expect(await collector.sample(collectorIndexRebuilds, { reason })).toBe(1);
    await sendEnded(collector, ['after it']);
    await collector.stop();
    expect(usersInIndex(collector.config)).toEqual(expectedUsers([...sent, 'after it']));
  });
});

test('a stop in the middle of that is no failure, and the next start makes it whole', async () => {
  const sent = names(6_000);
  await sendEnded(collector, sent);
  await restart((file) => rmSync(file));
  await vi.waitFor(() => expect(collector.log).toContain('is being made from the journal'), {
    timeout: 10_000,
    interval: 5,
  });
  await collector.stop();
  expect(collector.log).not.toContain('cannot be used');
  collector = await RunningCollector.start(collector.config);
  await whole();
  expect(usersOf((await list()).sessions)).toEqual(expectedUsers(sent));
});

describe('while the file is locked', () => {
  test('events are accepted, the pages say what is missing, and the index catches up', async () => {
    await sendEnded(collector, ['before']);
    await vi.waitFor(() => expect(usersInIndex(collector.config)).toHaveLength(1), { timeout: 10_000 });
    const unlock = lock();
    await sendEnded(collector, ['meanwhile']);
    await vi.waitFor(
      async () =>
        expect(await list()).toMatchObject({
          missing: expect.stringMatching(/^the index of ended sessions cannot be used \(.*locked.*\)/),
        }),
      { timeout: 15_000, interval: 200 },
    );
    expect(usersOf((await list()).sessions)).toEqual(expectedUsers(['before', 'meanwhile']));
    expect(await collector.sample(collectorIndexErrors)).toBeGreaterThan(0);
    expect(await collector.sample(collectorIndexLag)).toBeGreaterThan(0);
    expect((await collector.operations('/readyz')).status).toBe(200);
    unlock();
    await whole();
    await vi.waitFor(() => expect(usersInIndex(collector.config)).toHaveLength(2), { timeout: 10_000 });
    expect(await collector.sample(collectorIndexLag)).toBe(0);
  });

  test('no more sessions wait than may: what is dropped comes back from the journal', async () => {
    await sendEnded(collector, ['before']);
    await vi.waitFor(() => expect(usersInIndex(collector.config)).toHaveLength(1), { timeout: 10_000 });
    const unlock = lock();
    const sent = names(10_500);
    await sendEnded(collector, sent);
    expect(await collector.sample(collectorEvictions, { table: 'index' })).toBeGreaterThanOrEqual(500);
    unlock();
    await whole();
    expect(await collector.sample(collectorIndexRebuilds, { reason: 'overflow' })).toBe(1);
    await collector.stop();
    expect(usersInIndex(collector.config)).toEqual(expectedUsers(['before', ...sent]));
  });
});
