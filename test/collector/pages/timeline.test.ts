import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { McpEvent } from '../../../collector/catalogue/events.ts';
import { Journal } from '../../../collector/journal/journal.ts';
import { encodeRecord } from '../../../collector/journal/record.ts';
import { readTimeline } from '../../../collector/pages/timeline.ts';
import { Lookout } from '../process/lookout.ts';

let mcp: Lookout;
let directory: string;
let journal: Journal;
let count: number;

const openJournal = () =>
  Journal.open({
    directory,
    segmentBytes: 8 * 1024 * 1024,
    retentionBytes: 1024 * 1024 * 1024,
    retentionSeconds: 86_400,
    queueBytes: 1024 * 1024 * 1024,
    instruments: mcp.instruments,
    logger: pino({ level: 'silent' }),
  });

beforeEach(async () => {
  mcp = new Lookout();
  count = 0;
  directory = mkdtempSync(join(tmpdir(), 'lookout-timeline-'));
  journal = await openJournal();
});

afterEach(async () => {
  await journal.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Writes events to the journal and processes them, as the collector does. */
function record(events: readonly McpEvent[]): Promise<void> {
  const receivedMs = mcp.nowMs;
  const bytes = encodeRecord({ receivedMs, sourceKind: 'native', events });
  return journal.append(bytes, (position) => {
    for (const event of events) {
      mcp.pipeline.process({
        event,
        timeMs: Date.parse(event.time),
        receivedMs,
        sourceKind: 'native',
        position,
      });
    }
  });
}

const callOf = (session: string, fields: object = {}): McpEvent => ({
  kind: 'tool_call',
  id: `event-${++count}`,
  time: new Date(mcp.nowMs + count).toISOString(),
  server: 'files',
  tool: 'read',
  outcome: 'ok',
  session: { id: session },
  ...fields,
});

/** About 2 MiB of the calls of others. */
const noise = () =>
  record(Array.from({ length: 8_000 }, (_, n) => callOf('other', { user: `${n}`.padStart(200, 'x') })));

const timelineOf = (id: string) => readTimeline(journal, mcp.pipeline.sessions.find(id)!);

describe('a timeline', () => {
  test('holds the events of its session alone, in the order in which they happened', async () => {
    const early = callOf('s1');
    const late = callOf('s1');
    await record([late, callOf('s2')]);
    await record([early]);
    const { events, partial } = await timelineOf('s1');
    expect(events.map(({ id }) => id)).toEqual([early.id, late.id]);
    expect(partial).toBe(false);
  });

  test('finds events that lie far apart in the journal, over several segments, without reading what is between', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      const call = callOf('s1');
      ids.push(call.id);
      await record([call]);
      await noise();
    }
    let read = 0;
    const counting = {
      async *read(...from: Parameters<Journal['read']>) {
        for await (const found of journal.read(...from)) {
          read++;
          yield found;
        }
      },
    };
    const session = mcp.pipeline.sessions.find('s1')!;
    const { events, partial } = await readTimeline(counting, session);
    expect(events.map(({ id }) => id)).toEqual(ids);
    expect(partial).toBe(false);
    expect(new Set(session.places.map(({ segment }) => segment)).size).toBeGreaterThan(1);
    expect(read).toBeLessThanOrEqual(3 * ids.length);
  });

  test('is the newest thousand events of a long session, and says that it is not all', async () => {
    for (let i = 0; i < 3; i++) await record(Array.from({ length: 500 }, () => callOf('s1')));
    const { events, partial } = await timelineOf('s1');
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, i) => `event-${501 + i}`));
    expect(partial).toBe(true);
  });

  test('says that it is not all when the journal no longer has the beginning', async () => {
    await record([callOf('s1')]);
    const session = { ...mcp.pipeline.sessions.find('s1')!, places: [{ segment: 999, offset: 0 }] };
    expect(await readTimeline(journal, session)).toMatchObject({ events: [], partial: true });
  });

  test('shows an event once that stands in the journal twice', async () => {
    const call = callOf('s1');
    await record([call]);
    await journal.append(encodeRecord({ receivedMs: 0, sourceKind: 'native', events: [call] }), () => {});
    expect((await timelineOf('s1')).events).toHaveLength(1);
  });

  test('includes what came after the end of the session', async () => {
    mcp.pass(60);
    const late = callOf('s1');
    mcp.pass(60);
    await record([callOf('s1'), callOf('s1', { kind: 'session_end', tool: undefined, outcome: undefined })]);
    await noise();
    await record([late]);
    const { events, partial } = await timelineOf('s1');
    expect(events.map(({ id }) => id)).toContain(late.id);
    expect(events).toHaveLength(3);
    expect(partial).toBe(false);
  });
});
