/** Real collector, Prometheus and Alertmanager; the windows are a minute, so that a run need not last ten. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../collector/catalogue/labels.ts';
import { type LocalStack, startLocalStack } from '../../run/local-stack.ts';
import { defineStack } from '../../stack/config.ts';
import { type Due, play } from './schedule.ts';

const SECOND = 1_000;
const BASELINE_SESSIONS = 5;

const config = defineStack({
  alerts: { ToolErrorSustained: { window: '1m' }, LatencyDegradation: { window: '1m' } },
  collector: { baselineMinimumSessions: BASELINE_SESSIONS },
});

function call(
  tool: string,
  outcome: Outcome,
  duration_ms: number,
  session?: { id: string; type: string },
): Due['event'] {
  return {
    kind: 'tool_call',
    server: 'files',
    tool,
    outcome,
    duration_ms,
    client: { name: 'agent' },
    ...(session ? { session } : {}),
  };
}

const calls = (count: number, event: Due['event'], happensAtMs = 0): Due[] =>
  Array.from({ length: count }, () => ({ happensAtMs, event }));

/** A tool whose first calls ever, all in one scrape interval, have this many errors among a hundred. */
const failing = (tool: string, errors: number) => [
  ...calls(100 - errors, call(tool, 'ok', 10)),
  ...calls(errors, call(tool, 'tool_error', 10)),
];

/** A tool whose first thousand calls have this many above the bucket that ends at 2 s. */
const slow = (tool: string, above2s: number) => [
  ...calls(1_000 - above2s, call(tool, 'ok', 1_900)),
  ...calls(above2s, call(tool, 'ok', 2_100)),
];

/** A finished session of a type that used `tools` distinct ones, in an instant. */
function session(type: string, id: string, tools: number, happensAtMs: number): Due[] {
  const of = { id: `${type}-${id}`, type };
  const uses = Array.from({ length: tools }, (_, i) => ({
    happensAtMs: happensAtMs + i,
    event: call(`tool-${i}`, 'ok', 10, of),
  }));
  const end = {
    happensAtMs: happensAtMs + tools,
    event: { kind: 'session_end', server: 'files', session: of },
  } as const;
  return [...uses, end];
}

const diverse = (type: string, tools: number) => [
  ...Array.from({ length: BASELINE_SESSIONS }, (_, i) => session(type, `usual-${i}`, 2, i * 100)).flat(),
  ...session(type, 'diverse', tools, 2 * SECOND),
];

describe('the slower alerts fire above their limit and are silent at it', () => {
  let stack: LocalStack;

  beforeAll(async () => {
    stack = await startLocalStack({ config });
    await play(stack.urls.ingest, [
      ...failing('at-20-percent', 20),
      ...failing('at-21-percent', 21),
      ...slow('at-1-percent-slow', 10),
      ...slow('at-1.1-percent-slow', 11),
      ...diverse('at-3-times', 6),
      ...diverse('above-3-times', 7),
    ]);
    // Two scrapes until new series show their value, one rule evaluation, the group's wait, and room for a busy machine.
    const deadline = Date.now() + 100 * SECOND;
    while (Date.now() < deadline && firing().length < 3) await sleep(SECOND);
    await sleep(5 * SECOND);
  }, 240_000);
  afterAll(() => stack?.stop());

  const firing = () => [
    ...new Set(
      stack
        .pages()
        .filter(({ status, labels }) => status === 'firing' && labels.alertname !== 'Watchdog')
        .map(({ labels }) => `${labels.alertname} ${labels.tool ?? labels.session_type}`),
    ),
  ];

  test('exactly the three that are above page, among them tools never seen before', () => {
    expect(firing().sort()).toEqual([
      'LatencyDegradation at-1.1-percent-slow',
      'SessionAnomaly above-3-times',
      'ToolErrorSustained at-21-percent',
    ]);
  });
});
