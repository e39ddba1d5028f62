/**
 * What the recordings do not hold: attacks on credentials, blocked exfiltration, tools that fail or slow down. Each is
 * sized by the alert's own settings, so that it is over the limit however the limit is set.
 */
import type { AlertName } from '../../alerts/all.ts';
import type { ResolvedAlerts } from '../../alerts/resolve.ts';
import { identity } from './identities.ts';
import { random } from './random.ts';
import { SECOND_MS, type SessionFields, type TimedEvent } from './timed-event.ts';

/** An alert that must arrive because of a replay. */
export interface Expectation {
  readonly alert: AlertName;
  /** Labels it must carry. */
  readonly labels: Readonly<Record<string, string>>;
  /** What happens in the replay, for people. */
  readonly because: string;
}

export interface Scenario {
  readonly events: readonly TimedEvent[];
  readonly expects: readonly Expectation[];
}

/** `count` times from `startMs`, evenly over `lengthMs`. */
const evenly = (count: number, startMs: number, lengthMs: number) =>
  Array.from({ length: count }, (_, i) => startMs + (i * lengthMs) / count);

/** Share of a burst window that a scenario's burst takes. */
const BURST_SHARE = 0.5;

/** One source guesses credentials; another fails exactly as often as is still allowed, and nobody is paged for it. */
export function authFailures(alerts: ResolvedAlerts): Scenario {
  const { limit, windowSeconds } = alerts.AuthFailureBurst.burst!;
  const burst = (source: string, count: number, startMs: number): TimedEvent[] =>
    evenly(count, startMs, windowSeconds * SECOND_MS * BURST_SHARE).map((atMs) => ({
      atMs,
      event: { kind: 'auth_failure', server: 'github', source, reason: 'invalid_token', environment: 'demo' },
    }));
  return {
    events: [
      ...burst('198.51.100.23', limit, 8 * SECOND_MS),
      ...burst('203.0.113.66', limit + 2, 20 * SECOND_MS),
    ],
    expects: [
      {
        alert: 'AuthFailureBurst',
        labels: { source: '203.0.113.66' },
        because: `203.0.113.66 fails to authenticate ${limit + 2} times (198.51.100.23 fails ${limit} times: no page)`,
      },
    ],
  };
}

/** A session tries to push customer data out and is blocked each time. */
export function blockedExfiltration(alerts: ResolvedAlerts, seed: number): Scenario {
  const { limit, windowSeconds } = alerts.DlpBlockSpike.burst!;
  const fields = { server: 'crm', ...identity(seed, 'exfiltration', 'support') };
  const startMs = 30 * SECOND_MS;
  const lengthMs = windowSeconds * SECOND_MS * BURST_SHARE;
  const attempts = evenly(limit + 2, startMs, lengthMs).flatMap((atMs, i): TimedEvent[] => {
    const rule = i % 3 === 0 ? 'credit-card-number' : 'customer-e-mail';
    return [
      call(atMs, fields, 'export_contacts', 80, { outcome: 'blocked', fault: 'none', request_bytes: 180 }),
      { atMs, event: { kind: 'dlp_block', ...fields, tool: 'export_contacts', rule, direction: 'response' } },
    ];
  });
  return {
    events: inSession(fields, startMs, startMs + lengthMs, attempts),
    expects: [
      {
        alert: 'DlpBlockSpike',
        labels: {},
        because: `a session tries to export contacts and is blocked ${limit + 2} times`,
      },
    ],
  };
}

/** Policies allow most of what a support agent asks for, and deny what deletes. */
export function policyDecisions(_: ResolvedAlerts, seed: number): Scenario {
  const chance = random(seed, 'policy decisions');
  const fields = { server: 'crm', ...identity(seed, 'support-desk', 'support') };
  const startMs = 3 * SECOND_MS;
  const lengthMs = 60 * SECOND_MS;
  const events = evenly(40, startMs, lengthMs).flatMap((atMs): TimedEvent[] => {
    const tool = chance.pick(['find_contact', 'find_contact', 'update_contact', 'delete_contact']);
    const decision = tool === 'delete_contact' ? 'deny' : 'allow';
    const ended = decision === 'deny' ? ({ outcome: 'denied', fault: 'caller' } as const) : answered;
    const policy = {
      policy: 'support-desk',
      reason: `${tool} is ${decision === 'deny' ? 'not ' : ''}in the role`,
    };
    return [
      { atMs, event: { kind: 'policy_decision', ...fields, tool, decision, ...policy } },
      call(atMs, fields, tool, chance.between(20, 90), { ...ended, request_bytes: 90 }),
    ];
  });
  return { events: inSession(fields, startMs, startMs + lengthMs, events), expects: [] };
}

/** A tool whose server fails again and again. */
export function degradedTool(alerts: ResolvedAlerts, seed: number): Scenario {
  const { above, minimumCalls } = alerts.ToolErrorSustained.settings as {
    above: number;
    minimumCalls: number;
  };
  const chance = random(seed, 'degraded tool');
  // Above the limit by a quarter of what is left: 40 % where the limit is 20 %.
  const share = above + (1 - above) / 4;
  const count = Math.max(80, 2 * minimumCalls);
  const fields = { server: 'github', ...identity(seed, 'code-review', 'coding') };
  const startMs = 4 * SECOND_MS;
  const lengthMs = 60 * SECOND_MS;
  const events = evenly(count, startMs, lengthMs).map((atMs, i) => {
    const fails = Math.floor((i + 1) * share) > Math.floor(i * share);
    const error = {
      outcome: 'server_error',
      fault: 'server',
      error_message: 'upstream answered 502',
    } as const;
    return call(atMs, fields, 'search_code', chance.between(60, 400), {
      ...(fails ? error : answered),
      request_bytes: 120,
      response_bytes: fails ? 21 : Math.round(chance.between(500, 6_000)),
    });
  });
  return {
    events: inSession(fields, startMs, startMs + lengthMs, events),
    expects: [
      {
        alert: 'ToolErrorSustained',
        labels: { server: 'github', tool: 'search_code' },
        because: `${Math.round(share * 100)} % of the calls to github/search_code fail`,
      },
    ],
  };
}

/** A tool that is slow once in five calls. */
export function slowTool(alerts: ResolvedAlerts, seed: number): Scenario {
  const { above, minimumSlowCalls } = alerts.LatencyDegradation.settings as {
    above: number;
    minimumSlowCalls: number;
  };
  const chance = random(seed, 'slow tool');
  const oneIn = 5;
  const count = Math.max(60, 2 * oneIn * minimumSlowCalls);
  const fields = { server: 'warehouse', ...identity(seed, 'quarterly-report', 'analytics') };
  const startMs = 6 * SECOND_MS;
  const lengthMs = 60 * SECOND_MS;
  const events = evenly(count, startMs, lengthMs).map((atMs, i) => {
    const seconds = i % oneIn === 0 ? above * chance.between(1.5, 2.4) : chance.between(0.05, 0.4);
    return call(atMs, fields, 'run_query', seconds * SECOND_MS, {
      ...answered,
      request_bytes: 240,
      response_bytes: Math.round(chance.between(2_000, 40_000)),
    });
  });
  return {
    events: inSession(fields, startMs, startMs + lengthMs, events),
    expects: [
      {
        alert: 'LatencyDegradation',
        labels: { server: 'warehouse', tool: 'run_query' },
        because: `one in ${oneIn} calls to warehouse/run_query takes ${above * 1.5} s or longer`,
      },
    ],
  };
}

export const scenarios = [authFailures, blockedExfiltration, policyDecisions, degradedTool, slowTool];

type Place = SessionFields & { readonly server: string };
type ToolCall = Extract<TimedEvent['event'], { kind: 'tool_call' }>;
const answered = { outcome: 'ok', fault: 'none' } as const;

function call(
  atMs: number,
  place: Place,
  tool: string,
  durationMs: number,
  ended: Pick<ToolCall, 'outcome' | 'fault' | 'request_bytes' | 'response_bytes' | 'error_message'>,
): TimedEvent {
  return {
    atMs,
    event: { kind: 'tool_call', ...place, tool, duration_ms: Math.round(durationMs), ...ended },
  };
}

function inSession(
  place: Place,
  startMs: number,
  endMs: number,
  events: readonly TimedEvent[],
): TimedEvent[] {
  return [
    { atMs: startMs, event: { kind: 'session_start', ...place } },
    ...events,
    { atMs: endMs, event: { kind: 'session_end', ...place, reason: 'client closed' } },
  ];
}
