import { describe, expect, test } from 'vitest';
import { OpenSession } from '../../../collector/process/open-session.ts';
import { PLACE_BYTES } from '../../../collector/process/session.ts';
import { SessionRows } from '../../../collector/process/session-rows.ts';
import { seeded } from '../../random.ts';

function opened(rows: SessionRows, id: string): OpenSession {
  const session = new OpenSession(rows, rows.take(id));
  session.begin('chat', 'files', 1_000, 2_000);
  return session;
}

describe('a session in a row', () => {
  test('is saved with all that is known of it, and the same when it is taken up again', () => {
    const rows = new SessionRows();
    const session = opened(rows, 'one');
    Object.assign(session, { user: 'ada', environment: 'production', typeGiven: true });
    Object.assign(session, { events: 7, calls: 6, errors: 5, refused: 4, denials: 3, dlpBlocks: 2 });
    Object.assign(session, { authFailures: 1, lastMs: Date.now() + 0.25 });
    session.addTool('files/read', 3);
    session.addTool('__proto__');
    for (const offset of [0, 5, PLACE_BYTES, 2 ** 40])
      session.notePlace({ segment: offset > 5 ? 2 ** 33 : 1, offset });
    session.recentCalls.add('files/read', undefined);
    session.recentCalls.add('files/read', 0);
    const saved = session.saved();
    expect(saved).toMatchObject({
      ...{ id: 'one', user: 'ada', events: 7, authFailures: 1 },
      tools: [
        ['files/read', 3],
        ['__proto__', 1],
      ],
      places: [
        { segment: 1, offset: 0 },
        { segment: 2 ** 33, offset: PLACE_BYTES },
        { segment: 2 ** 33, offset: 2 ** 40 },
      ],
      recentCalls: [{ endpoint: 'files/read' }, { endpoint: 'files/read', responseBytes: 0 }],
    });
    const again = new OpenSession(rows, rows.take('one'));
    again.load(JSON.parse(JSON.stringify(saved)));
    expect(again.saved()).toEqual(saved);
  });

  test('keeps its first place and its newest', () => {
    const session = opened(new SessionRows(), 'one');
    for (let segment = 1; segment <= 100; segment++) session.notePlace({ segment, offset: segment });
    expect(session.places).toHaveLength(64);
    expect(session.places.map(({ segment }) => segment)).toEqual([
      1,
      ...Array.from({ length: 63 }, (_, i) => 38 + i),
    ]);
  });

  test('keeps its last eight calls', () => {
    const session = opened(new SessionRows(), 'one');
    for (let call = 0; call < 20; call++) session.recentCalls.add(`files/${call}`, call);
    const { recentCalls } = session;
    expect(recentCalls.length).toBe(8);
    expect([recentCalls.endpoint(0), recentCalls.responseBytes(7)]).toEqual(['files/12', 19]);
  });

  test('leaves nothing behind for the next one of its row, and no names', () => {
    const rows = new SessionRows();
    const chance = seeded(3);
    const open = new Map<number, { session: OpenSession; calls: Map<string, number> }>();
    for (let n = 0; n < 20_000; n++) {
      if (open.size < 500 || chance() < 0.5) {
        const session = opened(rows, `s${n}`);
        session.user = `user ${n}`;
        session.type = `type ${n % 7}`;
        open.set(session.row, { session, calls: new Map() });
      }
      for (const [, { session, calls }] of [...open].slice(-3)) {
        const endpoint = `files/${Math.floor(chance() * 40)}`;
        session.recentCalls.add(endpoint, n);
        session.notePlace({ segment: n, offset: 0 });
        if (!session.countTool(endpoint)) session.addTool(endpoint);
        calls.set(endpoint, (calls.get(endpoint) ?? 0) + 1);
      }
      const [first] = open.values();
      if (open.size <= 500 || first === undefined) continue;
      expect(first.session.tools).toEqual(first.calls);
      open.delete(first.session.row);
      rows.release(first.session.row);
    }
    for (const { session, calls } of open.values()) {
      expect(session.tools).toEqual(calls);
      rows.release(session.row);
    }
    expect(rows.names.size).toBe(0);
  });
});
