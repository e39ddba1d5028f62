/** A kilobyte a day to a new destination, told within a week. */
import { type SlowLeakTraffic, slowLeaks } from '../inject/slow-leak.ts';
import type { Row } from '../row.ts';
import { shareOf } from '../statistics.ts';
import { toldSessions, Watcher } from '../watcher.ts';

const SIMULATIONS = 8;
const WEEK_MS = 7 * 86_400_000;

interface Judged {
  readonly task: string;
  readonly hit: boolean;
}

export function slowLeak(seed: number, progress: (line: string) => void): Row {
  const leaks: Judged[] = [];
  const weeks: Judged[] = [];
  for (let run = 0; run < SIMULATIONS; run++) {
    progress(`slow leaks: simulation ${run + 1} of ${SIMULATIONS}`);
    const traffic = slowLeaks(seed + run);
    const alarms = toldSessions(
      new Watcher(['slow_exfiltration']).stream(traffic.sessions, ({ label }) => label === 'benign'),
    );
    for (const { user, sessions } of traffic.leaks)
      leaks.push({ task: `${run} ${user}`, hit: sessions.some((session) => alarms.has(session)) });
    for (const [week, hit] of benignWeeks(traffic, alarms)) weeks.push({ task: `${run} ${week}`, hit });
  }
  const detected = shareOf(leaks, ({ hit }) => hit);
  const falseAlarms = shareOf(weeks, ({ hit }) => hit);
  const met = detected.hits >= 0.8 * detected.of && 1_000 * falseAlarms.hits <= 2 * falseAlarms.of;
  return {
    measure: 'slow leak of 1 KB a day within a week, false alarms a principal-week',
    corpus: 'simulated weeks',
    detected,
    falseAlarms,
    demand: { text: '≥ 80 % at ≤ 2 ‰', met },
  };
}

/** Judged weeks of each principal's own work, and whether anything was told in each. */
function benignWeeks(
  { sessions, judgedFromMs }: SlowLeakTraffic,
  alarms: ReadonlySet<string>,
): Map<string, boolean> {
  const weeks = new Map<string, boolean>();
  for (const { id, user, label, calls } of sessions) {
    const atMs = calls[0]?.atMs ?? 0;
    if (label !== 'benign' || atMs < judgedFromMs) continue;
    const week = `${user} ${Math.floor((atMs - judgedFromMs) / WEEK_MS)}`;
    weeks.set(week, weeks.get(week) === true || alarms.has(id));
  }
  return weeks;
}
