/** Unit tests of the alerts on tools; they follow the settings they are given. */
import { secondsOf } from '../../collector/catalogue/duration.ts';
import type { Outcome } from '../../collector/catalogue/labels.ts';
import { durationBuckets, toolCallDuration, toolCalls } from '../../collector/catalogue/metrics.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import { type AlertTest, fires, hold, nothing, observations, SCRAPE, series, silent } from '../test-case.ts';

type ByTool = AlertTest<'server' | 'tool'>;

/** The scrape that shows the calls of a test, and its time; a multiple of the rules' interval. */
const SCRAPES_BEFORE = 12;
const SEEN = 60;

interface ErrorSettings {
  readonly above: number;
  readonly window: Duration;
  readonly minimumCalls: number;
}

export function toolErrorSustainedTests(
  { above, window, minimumCalls }: ErrorSettings,
  heldSeconds: number,
): ByTool[] {
  const calls = Math.max(10_000, minimumCalls);
  // The largest whole number of errors that is not above the limit, whatever 0.57 * 10000 is in floating point.
  const errors = Math.floor(above * calls + 1e-6);
  const over = SEEN + secondsOf(window) + heldSeconds + 60;
  const rise = (tool: string, outcome: Outcome, from: number, to: number) =>
    series(
      toolCalls,
      { server: 'files', tool, client: 'ide', outcome },
      `${hold(from, SCRAPES_BEFORE)} ${hold(to)}`,
    );
  const failing = (tool: string, value: number) => ({ labels: { server: 'files', tool }, value });
  return [
    {
      name: 'an error rate at the limit stays silent, one error more fires until the window and the hold have passed',
      interval: SCRAPE,
      input: [
        rise('at', 'tool_error', 1_000, 1_000 + errors),
        rise('at', 'ok', 5_000, 5_000 + calls - errors),
        rise('over', 'tool_error', 1_000, 1_000 + errors + 1),
        rise('over', 'ok', 5_000, 5_000 + calls - errors - 1),
      ],
      expect: [silent(SEEN - 15), fires(SEEN, failing('over', (errors + 1) / calls)), silent(over)],
    },
    {
      name: 'a tool that was never called before counts from its first call',
      interval: SCRAPE,
      input: [
        series(
          toolCalls,
          { server: 'files', tool: 'new', client: 'ide', outcome: 'server_error' },
          `${nothing(SCRAPES_BEFORE - 2)} ${hold(0, 2)} ${hold(calls)}`,
        ),
      ],
      expect: [silent(SEEN - 15), fires(SEEN, failing('new', 1))],
    },
    {
      name: 'the first errors of an old tool weigh no more than its old series, though evaluated between two scrapes',
      interval: '10s',
      input: [errors, errors + 1].flatMap((failed) => {
        const labels = { server: 'files', tool: failed > errors ? 'over' : 'at' };
        return [
          series(
            toolCalls,
            { ...labels, client: 'ide', outcome: 'ok' },
            `${hold(5_000, 7)} ${hold(5_000 + calls - failed)}`,
          ),
          series(
            toolCalls,
            { ...labels, client: 'script', outcome: 'tool_error' },
            `${nothing(6)} 0 ${hold(failed)}`,
          ),
        ];
      }),
      expect: [silent(60), fires(75, failing('over', (errors + 1) / calls))],
    },
    {
      name: 'a restart of the collector counts from there: past errors do not fire, new ones do',
      interval: SCRAPE,
      input: [
        rise('past', 'tool_error', 9 * calls, 0),
        rise('past', 'ok', calls, calls / 10),
        rise('fresh', 'tool_error', 9 * calls, errors + 1),
        rise('fresh', 'ok', calls, calls - errors - 1),
      ].map((rising) => ({
        ...rising,
        values: rising.values.replace(' ', ` stale ${nothing(5)} ${hold(0, 6)} `),
      })),
      expect: [silent(SEEN), silent(SEEN + 45), fires(SEEN + 60, failing('fresh', (errors + 1) / calls))],
    },
    {
      name: 'an idle tool stays silent, whatever its past',
      interval: SCRAPE,
      input: [rise('idle', 'tool_error', calls, calls), rise('idle', 'ok', 1, 1)],
      expect: [silent(60), silent(600)],
    },
    {
      name: 'below the floor of calls even a tool that always fails stays silent, at the floor it fires',
      interval: SCRAPE,
      input: [
        rise('rare', 'aborted', 7, 7 + minimumCalls - 1),
        rise('enough', 'aborted', 7, 7 + minimumCalls),
      ],
      expect: [silent(SEEN - 15), fires(SEEN, failing('enough', 1))],
    },
    {
      name: 'calls that never reached the tool neither hide its errors nor count as such',
      interval: SCRAPE,
      input: [
        rise('flooded', 'denied', 0, 100 * calls),
        rise('flooded', 'protocol_error', 0, 100 * calls),
        rise('flooded', 'cancelled', 0, 100 * calls),
        rise('flooded', 'tool_error', 0, errors + 1),
        rise('flooded', 'ok', 0, calls - errors - 1),
        rise('refused', 'denied', 0, calls),
        rise('refused', 'blocked', 0, calls),
        rise('refused', 'ok', 0, calls),
      ],
      expect: [fires(SEEN, failing('flooded', (errors + 1) / calls))],
    },
    {
      name: 'one failed scrape neither ends an alert nor begins one',
      interval: SCRAPE,
      input: [
        rise('over', 'tool_error', 1_000, 1_000 + calls),
        rise('past', 'tool_error', calls, calls),
        rise('past', 'ok', 1, calls),
      ].map((rising) => ({ ...rising, values: rising.values.replace(' ', ' stale ') })),
      expect: [silent(SEEN), fires(SEEN + 15, failing('over', 1)), fires(SEEN + 30, failing('over', 1))],
    },
  ];
}

interface LatencySettings {
  readonly above: number;
  readonly window: Duration;
  readonly minimumCalls: number;
  readonly minimumSlowCalls: number;
}

export function latencyDegradationTests(
  { above, window, minimumCalls, minimumSlowCalls }: LatencySettings,
  heldSeconds: number,
): ByTool[] {
  const bounds: readonly number[] = durationBuckets;
  // Calls are slow for certain in the bucket above the first bound that reaches the limit, fast below the limit.
  const from = bounds.find((bound) => bound >= above)!;
  const to = bounds.find((bound) => bound > from);
  const fastest = bounds.findLast((bound) => bound <= above)!;
  const timed = (fast: number, slow: number) => ({ [fastest]: fast, [to ?? '+Inf']: slow });
  /** The 99th percentile of them, as Prometheus interpolates within a bucket and stops at the last bound. */
  const p99 = (fast: number, slow: number) =>
    to ? from + (to - from) * ((0.99 * (fast + slow) - fast) / slow) : from;

  const calls = Math.max(1_000, 10 * minimumCalls);
  const allowed = Math.floor(calls / 100);
  const over = SEEN + secondsOf(window) + heldSeconds + 60;
  const rise = (tool: string, first: readonly [number, number], then: readonly [number, number]) =>
    observations(
      toolCallDuration,
      { server: 'files', tool },
      timed(...first),
      timed(...then),
      SCRAPES_BEFORE,
    );
  const slow = (tool: string, fastCalls: number, slowCalls: number) => ({
    labels: { server: 'files', tool },
    value: p99(fastCalls, slowCalls),
  });
  const fewest = Math.floor(minimumCalls / 100) + 1;
  const rare = Math.min(10 * minimumSlowCalls, minimumCalls - 1);
  return [
    {
      name: 'one slow call in a hundred stays silent, one more fires until the window and the hold have passed',
      interval: SCRAPE,
      input: [
        ...rise('at', [500, 500], [500 + calls - allowed, 500 + allowed]),
        ...rise('over', [500, 500], [500 + calls - allowed - 1, 500 + allowed + 1]),
      ],
      expect: [silent(SEEN - 15), fires(SEEN, slow('over', calls - allowed - 1, allowed + 1)), silent(over)],
    },
    {
      name: 'the floor of calls: one call fewer stays silent, as do fewer slow ones',
      interval: SCRAPE,
      input: [
        ...rise('enough', [0, 0], [minimumCalls - fewest, fewest]),
        ...rise('few', [0, 0], [minimumCalls - 1, 0]),
        ...rise('quick', [0, 0], [calls, 0]),
      ],
      expect: [fires(SEEN, slow('enough', minimumCalls - fewest, fewest))],
    },
    ...(rare < minimumSlowCalls
      ? []
      : [
          {
            name: 'a rarely used tool fires when it was slow several times, and stays silent below that',
            interval: SCRAPE,
            input: [
              ...rise('rare', [0, 0], [rare - minimumSlowCalls, minimumSlowCalls]),
              ...rise('once', [0, 0], [rare - minimumSlowCalls + 1, minimumSlowCalls - 1]),
            ],
            expect: [fires(SEEN, slow('rare', rare - minimumSlowCalls, minimumSlowCalls))],
          },
        ]),
    {
      name: 'a tool first seen with slow calls fires',
      interval: SCRAPE,
      input: rise('new', [0, 0], [0, calls]).map((bucket) => ({
        ...bucket,
        values: `${nothing(SCRAPES_BEFORE - 2)} ${bucket.values.replace(hold(0, SCRAPES_BEFORE), hold(0, 2))}`,
      })),
      expect: [silent(SEEN - 15), fires(SEEN, slow('new', 0, calls))],
    },
    {
      name: 'an idle tool and a restart of the collector stay silent, however slow the past was',
      interval: SCRAPE,
      input: [
        ...rise('idle', [0, calls], [0, calls]),
        ...rise('restarted', [0, calls], [calls, 0]).map((bucket) => ({
          ...bucket,
          values: bucket.values.replace(' ', ` stale ${nothing(5)} ${hold(0, 6)} `),
        })),
      ],
      expect: [silent(SEEN), silent(SEEN + 60), silent(SEEN + 600)],
    },
    {
      name: 'one failed scrape does not hide slow calls',
      interval: SCRAPE,
      input: rise('over', [calls, 0], [calls, calls]).map((bucket) => ({
        ...bucket,
        values: bucket.values.replace(' ', ' stale '),
      })),
      expect: [silent(SEEN), fires(SEEN + 15, slow('over', 0, calls))],
    },
  ];
}
