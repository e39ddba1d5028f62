/** Alerts on the tools themselves: those that fail and those that are slow. */

import {
  growth,
  growthQuantile,
  observationGrowth,
  observationGrowthAbove,
} from '../collector/catalogue/growth.ts';
import { answeredOutcomes, errorOutcomes } from '../collector/catalogue/labels.ts';
import { durationBuckets, toolCallDuration, toolCalls } from '../collector/catalogue/metrics.ts';
import { atLeast, type Duration, or, ratio, round, sum } from '../collector/catalogue/promql.ts';
import { alert } from './alert.ts';
import { latencyDegradationTests, toolErrorSustainedTests } from './unit-tests/tools.ts';

const byTool = ['server', 'tool'] as const;

const callsThat = (outcome: typeof errorOutcomes | typeof answeredOutcomes, window: Duration) =>
  sum(growth(toolCalls, window, { outcome }), byTool);

export const toolErrorSustained = alert({
  name: 'ToolErrorSustained',
  severity: 'warning',
  group: 'slow',
  unit: 'ratio',
  settings: { above: 0.2, window: '5m', minimumCalls: 20 },
  // A share of whole numbers, so it equals the limit exactly when the counts do: nothing to round.
  measure: ({ window }) => ratio(callsThat(errorOutcomes, window), callsThat(answeredOutcomes, window)),
  above: ({ above }) => above,
  onlyWith: ({ window, minimumCalls }) => atLeast(callsThat(answeredOutcomes, window), minimumCalls),
  refuse: ({ above, minimumCalls }) => {
    if (above >= 1) return 'above is a share of calls and must be below 1; write 0.2 for 20 %';
    return minimumCalls < 1 ? 'minimumCalls must be at least 1' : undefined;
  },
  summary: ({ server, tool }, value, { window }) =>
    `${value.percent} of calls to ${tool} on ${server} failed over ${window}`,
  description: ({ server, tool }, value, { window, minimumCalls }) =>
    `${value.percent} of the calls that reached ${tool} on ${server} within ${window} ended as an error of the tool or its server. Refused, malformed and cancelled calls are left out. Silent below ${minimumCalls} calls.`,
  action:
    'Check the tool server; disable the tool at the gateway if it does not respond, and roll back its last release if the errors began with it.',
  runbook: 'ir-tool-degradation',
  tests: toolErrorSustainedTests,
});

/** A quantile above the limit is a share of slow calls above this. */
const QUANTILE = 0.99;
const slowestBound = durationBuckets[durationBuckets.length - 1]!;

/** The first bound that no call within the limit passes: what lies above it is slow for certain. */
export const certainlySlowAbove = (limit: number): number =>
  durationBuckets.find((bound) => bound >= limit) ?? slowestBound;

export const latencyDegradation = alert({
  name: 'LatencyDegradation',
  severity: 'warning',
  group: 'slow',
  unit: 'seconds',
  settings: { above: 2, window: '10m', minimumCalls: 100, minimumSlowCalls: 3 },
  // Rounded, since the interpolation's float error lifts a quantile that only equals the limit above it.
  measure: ({ window }) => round(growthQuantile(QUANTILE, toolCallDuration, window, byTool), 0.000001),
  above: ({ above }) => above,
  // Below 100 calls the p99 is the slowest call. So a rarely used tool must have been slow several times.
  onlyWith: ({ above, window, minimumCalls, minimumSlowCalls }) =>
    or(
      atLeast(sum(observationGrowth(toolCallDuration, window), byTool), minimumCalls),
      atLeast(
        observationGrowthAbove(certainlySlowAbove(above), toolCallDuration, window, byTool),
        minimumSlowCalls,
      ),
    ),
  refuse: ({ above, minimumCalls, minimumSlowCalls }) => {
    if (above < durationBuckets[0] || above >= slowestBound) {
      return `above must be at least ${durationBuckets[0]} and below ${slowestBound} seconds, where the histogram can tell`;
    }
    const least = Math.min(minimumCalls, minimumSlowCalls);
    return least < 1 ? 'minimumCalls and minimumSlowCalls must be at least 1' : undefined;
  },
  summary: ({ server, tool }, value) => `p99 latency of ${tool} on ${server} is ${value.seconds}`,
  description: ({ server, tool }, value, { above, window, minimumCalls, minimumSlowCalls }) =>
    `One in a hundred calls to ${tool} on ${server} took ${value.seconds} or longer over ${window}; the limit is ${above}s. Silent below ${minimumCalls} calls unless ${minimumSlowCalls} of them were slow.`,
  action: 'Check the tool server; scale it out if it is out of capacity, or shed the client that floods it.',
  runbook: 'ir-latency',
  tests: latencyDegradationTests,
});
