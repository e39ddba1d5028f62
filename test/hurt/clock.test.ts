import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  collectorDuplicates,
  collectorEvents,
  collectorRejections,
} from '../../collector/catalogue/collector-metrics.ts';
import { authFailuresWindowPeak, toolCalls } from '../../collector/catalogue/metrics.ts';
import { samplesFor } from '../collector/exposition.ts';
import { RunningCollector, testConfig, toolCall } from '../collector/running.ts';
import { promtoolFaults } from '../promtool.ts';

const HOUR_MS = 3_600_000;
const burstWindows = [{ event: 'auth_failure', windowSeconds: 30, limit: 5 } as const];
let collector: RunningCollector;
let clockMs: number;
beforeEach(async () => {
  collector = await RunningCollector.start(testConfig({ burstWindows }));
  clockMs = 0;
});
afterEach(() => collector.end());

function step(milliseconds: number): void {
  collector.stepClock(milliseconds);
  clockMs += milliseconds;
}
/** An event of now, by the collector's clock. */
const at = (fields: Record<string, unknown> = {}) =>
  toolCall({ time: new Date(Date.now() + clockMs).toISOString(), ...fields });
const authFailure = (source: string) => {
  const { tool: _, outcome: __, duration_ms: ___, ...common } = at();
  return { ...common, kind: 'auth_failure', source, reason: 'invalid_token' };
};
const accepted = async (events: object | object[]) => {
  const { status, body } = await collector.send(events);
  expect([status, body.rejected]).toEqual([202, []]);
  return body.accepted;
};

test('a clock that steps by hours, either way, costs no event of its own time and no restart', async () => {
  let sent = 0;
  for (const hours of [0, 6, -3, 12, -20, 5, 0.5, -0.5]) {
    step(hours * HOUR_MS);
    sent += await accepted(Array.from({ length: 10 }, () => at()));
    expect(await promtoolFaults((await collector.operations('/metrics')).text)).toBe('');
  }
  expect(sent).toBe(80);
  expect(await collector.sample(collectorEvents, { source: 'native', kind: 'tool_call' })).toBe(80);
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(80);
  expect(collector.log).not.toMatch(/"level":[56]0/);
});

test('events of before a step back are refused as of the future, counted, and taken when the clock is right again', async () => {
  const [early, later] = [at(), at()];
  step(-2 * HOUR_MS);
  expect(await collector.send([early, later])).toMatchObject({
    status: 400,
    body: { rejected: [{ error: expect.stringMatching(/in the future/) }, { error: expect.anything() }] },
  });
  expect(await collector.sample(collectorRejections, { reason: 'in_future' })).toBe(2);
  step(2 * HOUR_MS);
  expect(await accepted([early, later])).toBe(2);
});

test('failures on both sides of a step are no burst, and as many in one window are', async () => {
  const peak = async (source: string) => {
    const { text } = await collector.operations('/metrics');
    return (
      samplesFor(text, authFailuresWindowPeak).find(({ labels }) => labels.source === source)?.value ?? 0
    );
  };
  await accepted(Array.from({ length: 3 }, () => authFailure('192.0.2.1')));
  step(HOUR_MS);
  await accepted(Array.from({ length: 3 }, () => authFailure('192.0.2.1')));
  step(-2 * HOUR_MS);
  await accepted(Array.from({ length: 3 }, () => authFailure('192.0.2.1')));
  expect(await peak('192.0.2.1')).toBeLessThanOrEqual(3);
  await accepted(Array.from({ length: 6 }, () => authFailure('192.0.2.2')));
  expect(await peak('192.0.2.2')).toBe(6);
});

test('old batches that are played again count once, whenever they come', async () => {
  const batch = Array.from({ length: 50 }, () => at());
  expect(await accepted(batch)).toBe(50);
  for (const hours of [1, 10, -5]) {
    step(hours * HOUR_MS);
    const { body } = await collector.send(batch);
    expect(body).toMatchObject({ accepted: 0 });
  }
  // Older than events may be: refused before their ids matter.
  step(30 * HOUR_MS);
  const { body } = await collector.send(batch);
  expect(body.rejected).toHaveLength(50);
  expect(await collector.sample(toolCalls, { outcome: 'ok' })).toBe(50);
  expect(await collector.sample(collectorDuplicates)).toBeGreaterThanOrEqual(100);
});
