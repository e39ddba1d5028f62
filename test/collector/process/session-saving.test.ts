import { describe, expect, test } from 'vitest';
import { seeded } from '../../random.ts';
import { Lookout, saved } from './lookout.ts';

type Lists = Record<'open' | 'ended', { id: string }[]>;
const sessionsOf = (mcp: Lookout) => saved(mcp.pipeline).sessions as Lists;

/** The sessions that a save gives, with something happening between its slices. */
function savedWhile(mcp: Lookout, meanwhile: () => void) {
  const saving = mcp.pipeline.save().sessions;
  const lists: Lists = { open: [], ended: [] };
  for (const [list, json] of saving.slices()) {
    lists[list].push(...JSON.parse(json));
    meanwhile();
  }
  saving.end();
  return lists;
}

const SESSIONS = 1_000;

function withSessions(): Lookout {
  const mcp = new Lookout();
  for (let i = 0; i < SESSIONS; i++) mcp.calls(`s${i}`, ['read', 'write']);
  for (let i = 0; i < SESSIONS; i += 3) mcp.send('session_end', { session: { id: `s${i}` } });
  return mcp;
}

describe('sessions that are saved slice by slice', () => {
  test('are as they were when it began, whatever happens to them meanwhile', () => {
    const mcp = withSessions();
    const chance = seeded(11);
    const before = sessionsOf(mcp);
    let added = 0;
    const lists = savedWhile(mcp, () => {
      for (let n = 0; n < 300; n++) {
        const id = `s${Math.floor(chance() * SESSIONS * 1.2)}`;
        if (chance() < 0.1) mcp.send('session_end', { session: { id } });
        else mcp.calls(id, ['read', 'delete', `tool-${n}`]);
        added++;
      }
      mcp.pass(60);
      mcp.pipeline.tick();
    });
    expect(added).toBeGreaterThan(1_000);
    expect(lists).toEqual({ open: before.open, ended: before.ended });
    expect(sessionsOf(mcp)).not.toEqual(before);
  });

  test('do not go on being kept as they were when the save is given up', () => {
    const mcp = withSessions();
    const saving = mcp.pipeline.save().sessions;
    saving.slices().next();
    saving.end();
    mcp.calls('s1', ['new']);
    const { open } = sessionsOf(mcp);
    expect(open.at(-1)).toMatchObject({ id: mcp.pipeline.sessions.open.at(-1)!.id, calls: 3 });
  });
});
