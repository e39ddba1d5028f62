import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IndexFile } from '../../../collector/audit/index-file.ts';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { type CollectorConfig, collectorDefaults, SMALLEST_INDEX_BYTES } from '../../../collector/config.ts';
import { createInstruments } from '../../../collector/instruments.ts';
import { Journal } from '../../../collector/journal/journal.ts';
import { encodeRecord } from '../../../collector/journal/record.ts';
import { testConfig, toolCall } from '../running.ts';
import { usersInIndex } from './sessions-of.ts';

const SESSIONS = 40;
const TOOLS = 400;
let config: CollectorConfig;
let journal: Journal;
beforeEach(async () => {
  config = testConfig({ indexBytes: SMALLEST_INDEX_BYTES });
  journal = await Journal.open({
    directory: join(config.dataDirectory, 'journal'),
    segmentBytes: 64 * 1024 ** 2,
    retentionBytes: 1024 ** 3,
    retentionSeconds: 86_400,
    queueBytes: 1024 ** 3,
    instruments: createInstruments(collectorDefaults, Date.now),
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  await journal.close();
  rmSync(config.dataDirectory, { recursive: true });
});

test('an index is made from sessions whose names are more than it may hold: it has the newest', async () => {
  const name = (n: number, letter: string) => `${n}`.padEnd(128, letter);
  for (let n = 0; n < SESSIONS; n++) {
    const call = (i: number) =>
      toolCall({ server: name(n, '漢'), tool: name(i, '字'), session: { id: `${n}` }, user: `user ${n}` });
    const events = Array.from({ length: TOOLS }, (_, i) => call(i)) as unknown as McpEvent[];
    await journal.append(encodeRecord({ receivedMs: Date.now(), sourceKind: 'native', events }), () => {});
  }
  const file = new IndexFile(config);
  await file.rebuild(journal.end, Date.now() + 2_000 * config.sessionIdleSeconds);
  file.close();
  const users = usersInIndex(config);
  expect(users).toContain(`user ${SESSIONS - 1}`);
  expect(users.length).toBeGreaterThan(5);
  expect(users.length).toBeLessThan(SESSIONS);
});
