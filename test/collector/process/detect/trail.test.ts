import { describe, expect, test } from 'vitest';
import { type Trail, Trails } from '../../../../collector/process/detect/trail.ts';

const trailFrom = (trailFirst = 0): Trail => ({ startedMs: 1_000, trailAt: 0, trailLength: 0, trailFirst });

describe('the calls of a session', () => {
  test('are told by their number, with when they were, also before the session was known to have started', () => {
    const trails = new Trails();
    const trail = trailFrom(5);
    trails.add(trail, 'files/read', 900);
    trails.add(trail, 'mail/send', 1_250);
    expect(trails.step(trail, 4)).toEqual({ index: 4 });
    expect(trails.step(trail, 5)).toEqual({ index: 5, time_ms: 900, endpoint: 'files/read' });
    expect(trails.step(trail, 6)).toEqual({ index: 6, time_ms: 1_250, endpoint: 'mail/send' });
    expect(trails.step(trail, 7)).toEqual({ index: 7 });
  });

  test('are the newest 256 of many at least, and 511 at most', () => {
    const trails = new Trails();
    const trail = trailFrom();
    for (let call = 0; call < 2_000; call++) {
      trails.add(trail, `files/${call}`, 1_000 + call);
      expect(trail.trailLength).toBeLessThan(512);
      const oldest = Math.max(0, call - 255);
      expect(trails.step(trail, oldest)).toEqual({
        index: oldest,
        time_ms: 1_000 + oldest,
        endpoint: `files/${oldest}`,
      });
    }
  });

  test('make room for the names of others when the session has ended', () => {
    const trails = new Trails();
    const flood = trailFrom();
    const others = Array.from({ length: 100 }, () => trailFrom());
    others.forEach((trail, n) => {
      for (let call = 0; call < 200; call++) trails.add(trail, `invented ${n * 200 + call}`, 0);
    });
    trails.add(flood, 'one too many', 1_000);
    expect(trails.step(flood, 0)).toEqual({ index: 0, time_ms: 1_000 });
    for (const trail of others) trails.release(trail);
    trails.add(flood, 'files/read', 1_000);
    expect(trails.step(flood, 1)).toMatchObject({ endpoint: 'files/read' });
  });
});
