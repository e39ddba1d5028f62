/** Detection at a bounded share of false alarms, with intervals over tasks. */
import { random } from '../run/replay/random.ts';

/** One session's highest score under one detector; -Infinity when it said nothing. */
export interface Scored {
  readonly task: string;
  readonly score: number;
}

export interface Share {
  readonly hits: number;
  readonly of: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * The lowest threshold above which at most `perThousand` in 1,000 of the benign sessions lie. Below 1,000 benign sessions
 * a small rate allows none at all, which the table says by printing how many alarms there were.
 */
export function thresholdAt(benign: readonly Scored[], perThousand: number): number {
  const allowed = Math.floor((perThousand / 1_000) * benign.length);
  const scores = benign.map(({ score }) => score).sort((a, b) => b - a);
  return scores[allowed] ?? Number.NEGATIVE_INFINITY;
}

export const above = (scored: readonly Scored[], threshold: number): number =>
  scored.filter(({ score }) => score > threshold).length;

const RESAMPLES = 1_000;

/**
 * The share of sessions for which `hit` holds, with the bootstrap interval over tasks, since the sessions of one task are
 * alike. Where all or none hit, resampling shows no spread: the rule of three over tasks then bounds it.
 */
export function shareOf<T extends { readonly task: string }>(
  sessions: readonly T[],
  hit: (session: T) => boolean,
): Share {
  const tasks = new Map<string, { hits: number; of: number }>();
  for (const session of sessions) {
    const task = tasks.get(session.task) ?? { hits: 0, of: 0 };
    task.of++;
    if (hit(session)) task.hits++;
    tasks.set(session.task, task);
  }
  const groups = [...tasks.values()];
  const hits = groups.reduce((sum, group) => sum + group.hits, 0);
  const of = sessions.length;
  if (of === 0) return { hits, of, low: 0, high: 1 };
  const three = Math.min(1, 3 / groups.length);
  if (hits === 0) return { hits, of, low: 0, high: three };
  if (hits === of) return { hits, of, low: 1 - three, high: 1 };
  const { fraction } = random(1, 'bootstrap over tasks');
  const shares = Array.from({ length: RESAMPLES }, () => {
    let drawnHits = 0;
    let drawn = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[Math.floor(fraction() * groups.length)]!;
      drawnHits += group.hits;
      drawn += group.of;
    }
    return drawnHits / drawn;
  }).sort((a, b) => a - b);
  return {
    hits,
    of,
    low: shares[Math.floor(RESAMPLES * 0.025)]!,
    high: shares[Math.floor(RESAMPLES * 0.975)]!,
  };
}
