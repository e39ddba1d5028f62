import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { searchFindings } from '../../../collector/audit/finding-search.ts';
import {
  compareBy,
  matches,
  type SessionQuery,
  sortKeys,
  traits,
} from '../../../collector/audit/session-query.ts';
import { keyOf, type SessionRecord, summaryOf } from '../../../collector/audit/session-record.ts';
import { IndexStore } from '../../../collector/audit/store.ts';
import { SMALLEST_INDEX_BYTES } from '../../../collector/config.ts';
import { seeded } from '../../random.ts';
import { finding, IndexOfSessions, record } from './index-of-sessions.ts';

let index: IndexOfSessions;
beforeEach(() => {
  index = new IndexOfSessions();
});
afterEach(() => index.close());

const all: SessionQuery = { with: [], sort: 'recent', limit: 1_000 };
const idsOf = (query: Partial<SessionQuery>) =>
  index.search.sessions({ ...all, ...query }).sessions.map(({ id }) => id);

describe('a search in the index', () => {
  test('finds the same sessions in the same order as a look at each of them, whatever is asked for', () => {
    const next = seeded(7);
    const pick = <T>(...values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
    const names = ['files', 'mail', 'acme/files', 'Ünï✓', '__proto__', "o'hara"];
    const sessions = Array.from({ length: 400 }, (_, i): SessionRecord => {
      const startedMs = Math.floor(next() * 50);
      const tools = Array.from(
        { length: 1 + Math.floor(next() * 4) },
        () => [`${pick(...names)}/${pick('read', 'send', 'a/b')}`, 1] as const,
      );
      return record({
        ...{
          id: `id${Math.floor(next() * 300)}`,
          type: pick(...names),
          server: pick(...names),
          client: pick(...names),
        },
        ...(next() < 0.8 && { user: pick(...names) }),
        ...{ startedMs, lastMs: startedMs + Math.floor(next() * 20), calls: Math.floor(next() * 9) },
        ...{ errors: pick(0, 0, 3), denials: pick(0, 0, 1), dlpBlocks: pick(0, 2), tools: new Map(tools) },
        ...{
          places: [{ segment: 1, offset: i }],
          end: { how: pick('idle', 'ended', 'evicted'), untilMs: 99 },
        },
      });
    });
    for (let i = 0; i < sessions.length; i += 50) index.write(sessions.slice(i, i + 50));

    let found = 0;
    for (let i = 0; i < 500; i++) {
      const maybe = <T>(share: number, value: T) => (next() < share ? value : undefined);
      const query = Object.fromEntries(
        Object.entries({
          user: maybe(0.2, pick(...names)),
          type: maybe(0.2, pick(...names)),
          client: maybe(0.2, pick(...names)),
          server: maybe(0.3, pick(...names, 'nobody')),
          tool: maybe(0.3, pick('read', 'b', 'files/read', 'acme/files/a/b', 'nothing')),
          id: maybe(0.1, pick('id', 'id1', 'id29')),
          fromMs: maybe(0.2, Math.floor(next() * 60)),
          untilMs: maybe(0.2, Math.floor(next() * 60)),
          state: maybe(0.2, pick('idle', 'ended', 'evicted')),
        }).filter(([, value]) => value !== undefined),
      );
      const traitsAsked = traits.filter((trait) => trait !== 'findings' && next() < 0.1);
      const asked: SessionQuery = { ...all, ...query, with: traitsAsked, sort: pick(...sortKeys) };
      const expected = sessions
        .filter((session) => matches(asked, session, () => false))
        .map(summaryOf)
        .sort(compareBy(asked.sort));
      const answer = index.search.sessions(asked);
      expect(answer.sessions.map(keyOf), JSON.stringify(asked)).toEqual(expected.map(keyOf));
      expect(answer.matching).toBe(expected.length);
      found += expected.length;
    }
    expect(found).toBeGreaterThan(5_000);
  });

  test('gives back what was put in', () => {
    const session = record({
      ...{
        user: 'ada',
        environment: 'production',
        startedMs: 1.5,
        lateEvents: 3,
        authFailures: 1,
        refused: 2,
      },
      ...{
        tools: new Map([
          ['files/read', 7],
          ['__proto__/constructor', 1],
        ]),
      },
      ...{
        places: [
          { segment: 3, offset: 12 },
          { segment: 9, offset: 2 ** 40 },
        ],
      },
      end: { how: 'ended', reason: 'done', untilMs: 5_000 },
    });
    index.write([session]);
    expect(index.search.find('s1')).toEqual([session]);
    expect(index.search.sessions(all).sessions).toEqual([summaryOf(session)]);
  });

  test('turns pages without leaving out or repeating any, also where all ended in the same millisecond', () => {
    const sessions = Array.from({ length: 95 }, (_, i) =>
      record({ id: `id-${i}`, lastMs: i < 40 ? 7_000 : 8_000 + (i % 3) }),
    );
    index.write(sessions);
    for (const filter of [{}, { tool: 'files/read' }, { server: 'files' }]) {
      const pages: string[][] = [];
      for (let query: SessionQuery = { ...all, ...filter, limit: 10 }; ; ) {
        const { sessions: page } = index.search.sessions(query);
        if (page.length === 0) break;
        pages.push(page.map(({ id }) => id));
        query = { ...query, after: page.at(-1)! };
      }
      expect(pages.map((page) => page.length)).toEqual([...Array(9).fill(10), 5]);
      expect(pages.flat()).toEqual(idsOf(filter));
      expect(new Set(pages.flat()).size).toBe(95);
    }
  });

  test('finds the sessions that something was found in', () => {
    index.write([record({ id: 'a' }), record({ id: 'b' })]);
    index.write([], { findings: [finding({ session: 'b' })] });
    expect(idsOf({ with: ['findings'] })).toEqual(['b']);
  });
});

describe('a search for findings', () => {
  test('finds them by their fields, those seen last first, a page at a time', () => {
    const all = Array.from({ length: 25 }, (_, i) =>
      finding({
        id: `f${i}`,
        session: `s${i % 5}`,
        status: i % 2 ? 'open' : 'dismissed',
        last_seen_ms: 1_000 + (i % 7),
      }),
    );
    index.write([], { findings: all });
    const expected = all
      .filter(({ status }) => status === 'open')
      .sort((a, b) => b.last_seen_ms - a.last_seen_ms || (a.id < b.id ? -1 : 1));
    const found: typeof all = [];
    for (let page = all.slice(0, 1); page.length > 0; found.push(...page)) {
      const last = found.at(-1);
      const after = last && { after: { lastMs: last.last_seen_ms, id: last.id } };
      ({ findings: page } = searchFindings(index.database, {
        where: { status: 'open' },
        limit: 5,
        ...after,
      }));
    }
    expect(found).toEqual(expected);
    expect(searchFindings(index.database, { where: { session: 's3', user: 'ada' }, limit: 2 })).toMatchObject(
      {
        matching: 5,
        findings: [{ session: 's3' }, { session: 's3' }],
      },
    );
    expect(searchFindings(index.database, { where: { user: 'eve' }, limit: 9 })).toEqual({
      matching: 0,
      findings: [],
    });
  });

  test('gives the latest account of each, until the journal has it no more', () => {
    const judged = finding({ status: 'dismissed', verdict: { verdict: 'benign', time_ms: 9_000 } });
    for (const account of [finding(), judged, finding()])
      index.write([], { findings: [account], end: { segment: 5, offset: 0 } });
    expect(searchFindings(index.database, { where: {}, limit: 9 })).toEqual({
      matching: 1,
      findings: [judged],
    });
    index.write([], { oldestSegment: 6 });
    expect(index.count('findings')).toBe(0);
  });
});

describe('the index', () => {
  test('knows a session once, by its latest account, in whichever order accounts come', () => {
    const early = record({ lateEvents: 1 });
    const late = record({
      lateEvents: 4,
      tools: new Map([
        ['files/read', 2],
        ['mail/send', 1],
      ]),
    });
    for (const account of [early, late, early, late]) index.write([account]);
    expect(index.search.find('s1')).toEqual([late]);
    expect(idsOf({ tool: 'mail/send' })).toEqual(['s1']);
    expect(index.count('sessions')).toBe(1);
  });

  test('tells sessions apart that had the same id one after the other', () => {
    index.write([
      record({ startedMs: 1_000 }),
      record({ startedMs: 9_000, places: [{ segment: 2, offset: 5 }] }),
    ]);
    expect(index.search.find('s1').map(({ startedMs }) => startedMs)).toEqual([9_000, 1_000]);
  });

  test('forgets sessions whose events the journal has no more, with all that pointed at them', () => {
    const sessions = Array.from({ length: 3_000 }, (_, i) =>
      record({
        id: `id-${i}`,
        server: `server-${i}`,
        tools: new Map([[`server-${i}/read`, 1]]),
        places: [{ segment: i, offset: 0 }],
      }),
    );
    index.write(sessions);
    for (let i = 0; i < 3; i++) index.write([], { oldestSegment: 2_990 });
    expect(idsOf({})).toHaveLength(10);
    expect(index.count('postings')).toBe(20);
    expect(index.count('terms')).toBe(20);
  });

  test('stays below its bound: the oldest make room, and are told', () => {
    index.close();
    const bytes = 2 * 1024 * 1024;
    index = new IndexOfSessions(bytes);
    let evicted = 0;
    for (let i = 0; i < 40; i++) {
      evicted += index.write(
        Array.from({ length: 500 }, (_, k) => record({ id: `id-${i}-${k}`, startedMs: i * 1_000 + k })),
      );
    }
    const { page_count } = index.database.prepare('PRAGMA page_count').get()!;
    expect(Number(page_count) * 4_096).toBeLessThanOrEqual(bytes);
    expect(evicted).toBeGreaterThan(1_000);
    expect(index.count('sessions')).toBe(20_000 - evicted);
    expect(idsOf({ limit: 1 })).toEqual(['id-39-499']);
  });

  test('takes sessions of many long names when small ones have filled it', () => {
    index.close();
    index = new IndexOfSessions(SMALLEST_INDEX_BYTES);
    for (let round = 0; round < 40; round++) {
      const small = (_: unknown, i: number) =>
        record({ id: `id-${round}-${i}`, startedMs: round * 10_000 + i, tools: new Map() });
      index.write(Array.from({ length: 2_000 }, small));
    }
    for (let round = 0; round < 12; round++) {
      const server = `${round}`.padEnd(250, 's');
      const tools = Array.from(
        { length: 500 },
        (_, i) => [`${server}/${`${i}`.padEnd(250, 't')}`, 1] as const,
      );
      index.write([record({ id: `large-${round}`, startedMs: 1e6 + round, server, tools: new Map(tools) })]);
    }
    expect(idsOf({ limit: 1 })).toEqual(['large-11']);
    expect(index.count('sessions')).toBeGreaterThan(12);
  });

  test('takes large batches when it is full, and whatever comes when its bound was lowered', () => {
    index.close();
    index = new IndexOfSessions(SMALLEST_INDEX_BYTES);
    const batch = (round: number) =>
      Array.from({ length: 2_000 }, (_, i) =>
        record({ id: `id-${round}-${i}`, startedMs: round * 10_000 + i, tools: new Map() }),
      );
    for (let round = 0; round < 70; round++) index.write(batch(round));
    expect(idsOf({ limit: 1 })).toEqual(['id-69-1999']);
    index.database.exec('PRAGMA max_page_count = 100');
    const lowered = new IndexStore(index.database);
    const rest = { findings: [], end: { segment: 1, offset: 0 }, oldestSegment: 0, complete: true };
    for (let round = 70; round < 75; round++) lowered.write({ sessions: batch(round), ...rest });
    expect(idsOf({ limit: 1 })).toEqual(['id-74-1999']);
  });
});
