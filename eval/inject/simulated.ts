/** Recorded sessions on a simulated clock: who runs them, and when each call happens. */
import type { Random } from '../../run/replay/random.ts';
import type { EvalSession } from '../session.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Monday. */
export const SIMULATION_START_MS = Date.UTC(2026, 0, 5);

/** A session run by a user at a time: calls follow each other within seconds. */
export function at<S extends EvalSession>(
  session: S,
  id: string,
  user: string,
  startMs: number,
  chance: Random,
): S {
  let atMs = startMs;
  const calls = session.calls.map((call) => {
    const timed = { ...call, atMs: Math.round(atMs) };
    atMs += chance.between(2_000, 20_000);
    return timed;
  });
  return { ...session, id, user, calls };
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
