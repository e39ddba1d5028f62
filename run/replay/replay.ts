/** A whole replay: recorded sessions and scenarios on one clock, and the alerts that must come of them. */
import type { ResolvedAlerts } from '../../alerts/resolve.ts';
import { random } from './random.ts';
import { recordedEvents } from './recorded-events.ts';
import { type RecordedSession, readRecordedSessions, serverAndTool } from './recording.ts';
import { type Expectation, scenarios } from './scenarios.ts';
import { toolLists, toolsByServer } from './servers.ts';
import { SECOND_MS, type TimedEvent } from './timed-event.ts';

/** Recorded sessions start within this. */
const STARTS_WITHIN_MS = 60 * SECOND_MS;
/** When the recorded attack starts: late enough that the baselines know what is usual. */
const ATTACK_STARTS_MS = 50 * SECOND_MS;
/** Share of recorded sessions that stay open, so that some are active at the end. */
const STAYS_OPEN = 0.05;

export interface Replay {
  /** In the order of their times. */
  readonly events: readonly TimedEvent[];
  readonly lengthMs: number;
  readonly sessions: number;
  readonly servers: readonly string[];
  readonly expected: readonly Expectation[];
}

const distinctTools = (session: RecordedSession) =>
  new Set(session.calls.map((call) => Object.values(serverAndTool(session, call)).join('/'))).size;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

/** The hijacked session that used the most distinct tools: the recorded attack that the replay shows. */
function recordedAttack(sessions: readonly RecordedSession[]): RecordedSession {
  return sessions
    .filter((session) => session.hijacked)
    .reduce((most, session) => (distinctTools(session) > distinctTools(most) ? session : most));
}

function anomaly(
  attack: RecordedSession,
  sessions: readonly RecordedSession[],
  factor: number,
): Expectation[] {
  const usual = median(sessions.filter(({ suite }) => suite === attack.suite).map(distinctTools));
  const used = distinctTools(attack);
  const because = `a hijacked ${attack.suite} session uses ${used} distinct tools; usual are ${usual}`;
  return used > factor * usual
    ? [{ alert: 'SessionAnomaly', labels: { session_type: attack.suite }, because }]
    : [];
}

/** In one kind of recorded session the attacker is after passwords. */
const passwords: Expectation = {
  alert: 'CredentialAbuseConfirmed',
  labels: { session_type: 'slack' },
  because: 'hijacked slack sessions put passwords that they read on a web page',
};

/** The kinds of sessions in which the detectors confirm that an agent did what a tool's result told it to. */
function followedInstructions(sessions: readonly RecordedSession[]): Expectation[] {
  const hijacked = Map.groupBy(
    sessions.filter((session) => session.hijacked),
    ({ suite }) => suite,
  );
  return [...hijacked].map(([suite, { length }]) => ({
    alert: 'PoisoningConfirmed',
    labels: { session_type: suite },
    because: `agents do what mails, pages or files tell them in ${length} recorded ${suite} sessions`,
  }));
}

/** Plans the same replay for the same seed and settings. Alerts that are switched off are not expected. */
export function planReplay(alerts: ResolvedAlerts, seed = 1): Replay {
  const sessions = readRecordedSessions();
  const attack = recordedAttack(sessions);
  const start = random(seed, 'starts');
  const recorded = sessions.flatMap((session) =>
    session === attack
      ? recordedEvents(session, ATTACK_STARTS_MS, seed, true)
      : recordedEvents(session, start.between(SECOND_MS, STARTS_WITHIN_MS), seed, !start.chance(STAYS_OPEN)),
  );
  const played = scenarios.map((scenario) => scenario(alerts, seed));
  const happening = [...recorded, ...played.flatMap(({ events }) => events)];
  const servers = toolsByServer(happening);
  const expected = [
    ...played.flatMap(({ expects }) => expects),
    ...anomaly(attack, sessions, alerts.SessionAnomaly.settings.factor as number),
    ...followedInstructions(sessions),
    passwords,
  ];
  const events = [...toolLists(servers), ...happening].sort((a, b) => a.atMs - b.atMs);
  return {
    events,
    lengthMs: events.at(-1)!.atMs,
    sessions: sessions.length,
    servers: [...servers.keys()],
    expected: expected.filter(({ alert }) => alerts[alert].enabled && alerts[alert].severity !== 'none'),
  };
}
