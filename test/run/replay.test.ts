import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { eventSchemas } from '../../collector/catalogue/events.ts';
import { errorOutcomes } from '../../collector/catalogue/labels.ts';
import { readRecordedSessions } from '../../run/replay/recording.ts';
import { planReplay } from '../../run/replay/replay.ts';
import { demoRegistry } from '../../run/replay/servers.ts';
import type { TimedEvent } from '../../run/replay/timed-event.ts';

const alerts = resolveAlerts();
const replay = planReplay(alerts);

type EventOfKind<K> = Extract<TimedEvent['event'], { kind: K }>;
const ofKind = <K extends TimedEvent['event']['kind']>(kind: K, { events } = replay) =>
  events.filter(({ event }) => event.kind === kind) as { atMs: number; event: EventOfKind<K> }[];

/** The most events in any window that begins with one of them. */
const mostWithin = (times: readonly number[], windowMs: number) =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));

test('the recordings are what their README says: sessions, hijacked ones and calls', () => {
  const sessions = readRecordedSessions();
  expect(sessions.length).toBe(503);
  expect(sessions.filter((session) => session.hijacked).length).toBe(97);
  expect(sessions.reduce((calls, session) => calls + session.calls.length, 0)).toBe(2157);
});

test('every event is one that the catalogue takes', () => {
  const checks = new Map(Object.entries(eventSchemas).map(([kind, schema]) => [kind, Compile(schema)]));
  const refused = replay.events.filter(
    ({ event }) => !checks.get(event.kind)!.Check({ id: 'e1', time: '2026-11-21T12:00:00Z', ...event }),
  );
  expect(refused).toEqual([]);
  expect(new Set(replay.events.map(({ event }) => event.kind)).size).toBe(Object.keys(eventSchemas).length);
});

test('the same seed plans the same replay and another seed another one', () => {
  expect(JSON.stringify(planReplay(alerts))).toBe(JSON.stringify(replay));
  expect(JSON.stringify(planReplay(alerts, 2))).not.toBe(JSON.stringify(replay));
});

test('events are in the order of their times and the whole takes a minute or so', () => {
  const times = replay.events.map(({ atMs }) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(replay.lengthMs).toBe(times.at(-1));
  expect(replay.lengthMs).toBeGreaterThan(60_000);
  expect(replay.lengthMs).toBeLessThan(80_000);
});

test('a recorded call keeps its session, tool, error and size', () => {
  const recorded = readRecordedSessions().find((session) =>
    session.calls.some((call) => call.error !== null),
  )!;
  const calls = ofKind('tool_call').filter(({ event }) => event.session?.id === recorded.id);
  expect(calls.map(({ event }) => event.tool)).toEqual(recorded.calls.map((call) => call.tool));
  const failed = recorded.calls.findIndex((call) => call.error !== null);
  expect(calls[failed]!.event).toMatchObject({
    server: recorded.suite,
    session: { type: recorded.suite },
    outcome: 'tool_error',
    fault: 'tool',
    error_message: recorded.calls[failed]!.error,
    request_bytes: JSON.stringify(recorded.calls[failed]!.args).length,
  });
});

test('several clients and users take part, each session with one of each', () => {
  const bySession = new Map<string, Set<string>>();
  for (const { event } of ofKind('tool_call')) {
    const who = `${event.client?.name} ${event.user}`;
    bySession.set(event.session!.id, (bySession.get(event.session!.id) ?? new Set()).add(who));
  }
  expect(Math.max(...[...bySession.values()].map((who) => who.size))).toBe(1);
  expect(new Set([...bySession.values()].flatMap((who) => [...who])).size).toBeGreaterThan(10);
});

test('one source fails to authenticate more often than the limit, another exactly that often', () => {
  const times = (source: string) =>
    ofKind('auth_failure')
      .filter(({ event }) => event.source === source)
      .map(({ atMs }) => atMs);
  const { limit, windowSeconds } = alerts.AuthFailureBurst.burst!;
  expect(mostWithin(times('203.0.113.66'), windowSeconds * 1_000)).toBe(limit + 2);
  expect(mostWithin(times('198.51.100.23'), windowSeconds * 1_000)).toBe(limit);
});

test('DLP blocks go over the limit once', () => {
  const { limit, windowSeconds } = alerts.DlpBlockSpike.burst!;
  const times = ofKind('dlp_block').map(({ atMs }) => atMs);
  expect(mostWithin(times, windowSeconds * 1_000)).toBe(limit + 2);
});

test('only the degraded tool fails above the limit at any moment from which its traffic counts', () => {
  const { above, minimumCalls } = alerts.ToolErrorSustained.settings as Record<string, number>;
  const seen = new Map<string, { calls: number; errors: number }>();
  const failing = new Set<string>();
  for (const { event } of ofKind('tool_call')) {
    const tool = `${event.server}/${event.tool}`;
    const count = seen.get(tool) ?? { calls: 0, errors: 0 };
    seen.set(tool, count);
    count.calls++;
    if (errorOutcomes.some((outcome) => outcome === event.outcome)) count.errors++;
    if (count.calls >= minimumCalls! && count.errors / count.calls > above!) failing.add(tool);
  }
  expect([...failing]).toEqual(['github/search_code']);
});

test('only the slow tool has calls above the limit', () => {
  const limitMs = (alerts.LatencyDegradation.settings.above as number) * 1_000;
  const slow = ofKind('tool_call').filter(({ event }) => (event.duration_ms ?? 0) > limitMs);
  expect(new Set(slow.map(({ event }) => `${event.server}/${event.tool}`))).toEqual(
    new Set(['warehouse/run_query']),
  );
  expect(slow.length).toBeGreaterThanOrEqual(alerts.LatencyDegradation.settings.minimumSlowCalls as number);
});

test('the recorded attack starts when enough sessions of its type have ended for a baseline', () => {
  const attack = replay.expected.find(({ alert }) => alert === 'SessionAnomaly')!;
  const type = attack.labels.session_type!;
  const tools = new Map<string, Set<string>>();
  for (const { event } of ofKind('tool_call')) {
    if (event.session?.type !== type) continue;
    tools.set(event.session.id, (tools.get(event.session.id) ?? new Set()).add(event.tool));
  }
  const [[id]] = [...tools].sort(([, a], [, b]) => b.size - a.size) as [[string, Set<string>]];
  const startsMs = ofKind('session_start').find(({ event }) => event.session?.id === id)!.atMs;
  const endedBefore = ofKind('session_end').filter(
    ({ atMs, event }) => event.session?.type === type && atMs < startsMs,
  );
  expect(endedBefore.length).toBeGreaterThan(60);
});

test('limits that are set otherwise move the scenarios with them', () => {
  const strict = resolveAlerts({ AuthFailureBurst: { above: 50 }, ToolErrorSustained: { enabled: false } });
  const other = planReplay(strict);
  const failures = ofKind('auth_failure', other).filter(({ event }) => event.source === '203.0.113.66');
  expect(failures).toHaveLength(52);
  expect(other.expected.map(({ alert }) => alert)).not.toContain('ToolErrorSustained');
  expect(replay.expected.map(({ alert }) => alert).sort()).toEqual([
    'AuthFailureBurst',
    'CredentialAbuseConfirmed',
    'DlpBlockSpike',
    'LatencyDegradation',
    'PoisoningConfirmed',
    'PoisoningConfirmed',
    'PoisoningConfirmed',
    'SessionAnomaly',
    'ToolErrorSustained',
  ]);
});

test('every tool is listed by its server before its first call, and all but one server are registered', () => {
  const listed = new Set(
    ofKind('tool_list').flatMap(({ event }) => event.tools.map(({ name }) => `${event.server}/${name}`)),
  );
  const called = ofKind('tool_call').map(({ event }) => `${event.server}/${event.tool}`);
  expect(called.filter((tool) => !listed.has(tool))).toEqual([]);
  const registry = demoRegistry(replay.servers);
  expect(replay.servers.filter((server) => !Object.hasOwn(registry, server))).toEqual(['npx_fetch']);
});
