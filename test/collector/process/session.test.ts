import { expect, test } from 'vitest';
import { notePlace, PLACE_BYTES } from '../../../collector/process/session.ts';
import { Lookout } from './lookout.ts';

function sessionOf(mcp: Lookout) {
  mcp.calls('s1', ['read']);
  return mcp.pipeline.sessions.find('s1')!;
}

test('A session remembers one place for each stretch of the journal, at most the first and the newest 63', () => {
  const session = sessionOf(new Lookout());
  session.places.length = 0;
  for (let offset = 0; offset < 100 * PLACE_BYTES; offset += PLACE_BYTES / 4) {
    notePlace(session, { segment: 7, offset });
  }
  notePlace(session, { segment: 8, offset: 0 });
  expect(session.places).toHaveLength(64);
  expect(session.places[0]).toEqual({ segment: 7, offset: 0 });
  expect(session.places[1]).toEqual({ segment: 7, offset: 38 * PLACE_BYTES });
  expect(session.places.at(-1)).toEqual({ segment: 8, offset: 0 });
});

test('The reason of a session end is kept short and printable, whoever wrote it', () => {
  const mcp = new Lookout();
  sessionOf(mcp);
  mcp.send('session_end', { session: { id: 's1' }, reason: `\u202e${'x'.repeat(4_000)}` });
  expect(mcp.pipeline.sessions.find('s1')?.end?.reason).toMatch(/^_x{126}…$/);
});
