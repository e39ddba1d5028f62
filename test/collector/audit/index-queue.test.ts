import { describe, expect, test } from 'vitest';
import { IndexQueue } from '../../../collector/audit/index-queue.ts';
import type { Session } from '../../../collector/process/session.ts';

const ended = (id: string, tools = 1): Session => ({
  ...{ id, type: 'chat', server: 'files', client: 'assistant' },
  ...{ startedMs: 0, lastMs: 0, lastReceivedMs: 0, events: 1, calls: 1, errors: 0, refused: 0 },
  ...{ denials: 0, dlpBlocks: 0, authFailures: 0, lateEvents: 0 },
  tools: new Map(Array.from({ length: tools }, (_, i) => [`files/${i}`, 1])),
  places: [{ segment: 1, offset: 0 }],
});
const idsOf = (sessions: Iterable<Session>) => Array.from(sessions, ({ id }) => id);

describe('sessions that wait for the index', () => {
  test('are bounded in their number', () => {
    const queue = new IndexQueue();
    let dropped = 0;
    for (let i = 0; i < 11_000; i++) dropped += queue.addSession(ended(`s${i}`));
    expect(dropped).toBe(1_000);
    expect(queue.dropped).toBe(1_000);
    expect(queue.sessions).toHaveLength(10_000);
    expect(queue.sessions[0]!.id).toBe('s1000');
  });

  test('are bounded in all that they hold, so that few of many tools take no more than many of few', () => {
    const queue = new IndexQueue();
    let dropped = 0;
    for (let i = 0; i < 200; i++) dropped += queue.addSession(ended(`s${i}`, 498));
    expect(queue.sessions).toHaveLength(80);
    expect(dropped).toBe(120);
  });

  test('lose none of a batch that could not be written, however full it is', () => {
    const queue = new IndexQueue();
    for (let i = 0; i < 80; i++) queue.addSession(ended(`s${i}`, 498));
    expect(idsOf(queue.take().sessions)).toEqual(['s0', 's1', 's2', 's3']);
    queue.putBack();
    expect(queue.dropped).toBe(0);
    expect(idsOf(queue.sessions)).toEqual(Array.from({ length: 80 }, (_, i) => `s${i}`));
    queue.take();
    queue.done();
    expect(queue.size).toBe(76);
  });

  test('wait once, however often something comes late', () => {
    const queue = new IndexQueue();
    const session = ended('s', 498);
    for (let i = 0; i < 1_000; i++) expect(queue.addSession(session)).toBe(0);
    expect(queue.size).toBe(1);
  });
});
