/** Use of somebody's access outside their hours, in months of simulated work. */
import { dayOf, type OffHoursTraffic, offHours } from '../inject/off-hours.ts';
import type { Row } from '../row.ts';
import { shareOf } from '../statistics.ts';
import { toldSessions, Watcher } from '../watcher.ts';

/** An even number: half of the simulations run over a spring, half over an autumn. */
const SIMULATIONS = 4;

export function offHoursUse(seed: number, progress: (line: string) => void): Row {
  const intrusions: { task: string; hit: boolean }[] = [];
  const days: { task: string; hit: boolean }[] = [];
  for (let run = 0; run < SIMULATIONS; run++) {
    progress(`off-hours use: simulation ${run + 1} of ${SIMULATIONS}`);
    const traffic = offHours(seed + run);
    const alarms = toldSessions(
      new Watcher(['temporal']).stream(traffic.sessions, ({ label }) => label === 'benign'),
    );
    intrusions.push(
      ...traffic.intrusions.map(({ session }) => ({ task: `${run} ${session}`, hit: alarms.has(session) })),
    );
    days.push(...[...benignDays(traffic, alarms)].map(([day, hit]) => ({ task: `${run} ${day}`, hit })));
  }
  const detected = shareOf(intrusions, ({ hit }) => hit);
  const falseAlarms = shareOf(days, ({ hit }) => hit);
  const met = detected.hits >= 0.7 * detected.of && 1_000 * falseAlarms.hits <= 2 * falseAlarms.of;
  return {
    measure: 'off-hours use, a principal-day',
    corpus: 'simulated months',
    detected,
    falseAlarms,
    demand: { text: '≥ 70 % at ≤ 2 ‰', met },
  };
}

/** Judged days on which the principal alone worked, and whether anything was told on each. */
function benignDays(
  { sessions, judgedFromMs, intrusions }: OffHoursTraffic,
  alarms: ReadonlySet<string>,
): Map<string, boolean> {
  const intruders = new Set(intrusions.map(({ session }) => session));
  const intruded = new Set(sessions.filter(({ id }) => intruders.has(id)).map(dayOf));
  const days = new Map<string, boolean>();
  for (const session of sessions) {
    const day = dayOf(session);
    if (session.calls[0]!.atMs! < judgedFromMs || intruded.has(day)) continue;
    days.set(day, days.get(day) === true || alarms.has(session.id));
  }
  return days;
}
