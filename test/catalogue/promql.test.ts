import { describe, expect, test } from 'vitest';
import { growth, growthQuantile, observationGrowthAbove } from '../../collector/catalogue/growth.ts';
import { authFailuresWindowPeak, toolCallDuration, toolCalls } from '../../collector/catalogue/metrics.ts';
import { ruleEvaluationFailures, up } from '../../collector/catalogue/platform-metrics.ts';
import * as promql from '../../collector/catalogue/promql.ts';
import { faultsOf, knownLabels, knownSeries } from '../known-names.ts';

const {
  above,
  absent,
  and,
  constant,
  count,
  increase,
  not,
  offset,
  quantile,
  rate,
  ratio,
  re,
  round,
  select,
  sum,
  times,
  unless,
} = promql;

const calls = sum(rate(toolCalls, '5m'), ['server', 'tool']);
const errors = sum(rate(toolCalls, '5m', { outcome: ['tool_error', 'server_error'] }), ['server', 'tool']);

describe('typed PromQL', () => {
  const examples: [string, { readonly promql: string }, string][] = [
    [
      'a ratio of two aggregations groups neither',
      ratio(errors, calls),
      'sum by (server, tool) (rate(mcp_tool_calls_total{outcome=~"tool_error|server_error"}[5m])) / sum by (server, tool) (rate(mcp_tool_calls_total[5m]))',
    ],
    [
      'a comparison of an operation groups the operation',
      above(ratio(errors, calls), 0.2),
      '(sum by (server, tool) (rate(mcp_tool_calls_total{outcome=~"tool_error|server_error"}[5m])) / sum by (server, tool) (rate(mcp_tool_calls_total[5m]))) > 0.2',
    ],
    [
      'an offset reaches every selector inside',
      offset(ratio(errors, calls), '1h'),
      'sum by (server, tool) (rate(mcp_tool_calls_total{outcome=~"tool_error|server_error"}[5m] offset 1h)) / sum by (server, tool) (rate(mcp_tool_calls_total[5m] offset 1h))',
    ],
    [
      'a quantile sums the buckets by its labels and le',
      quantile(0.99, toolCallDuration, '10m', ['tool']),
      'histogram_quantile(0.99, sum by (tool, le) (rate(mcp_tool_call_duration_seconds_bucket[10m])))',
    ],
    [
      'matchers are quoted, alternatives escaped',
      select(toolCalls, { tool: ['a.b', 'c"d'], server: not('x\\y'), client: re('$client') }),
      'mcp_tool_calls_total{tool=~"a\\\\.b|c\\"d",server!="x\\\\y",client=~"$client"}',
    ],
    [
      'unless with an empty list of labels matches everything with anything',
      unless(
        above(sum(select(authFailuresWindowPeak), ['source']), 5),
        above(count(above(select(authFailuresWindowPeak), 5)), 20),
        [],
      ),
      '(sum by (source) (mcp_auth_failures_window_peak) > 5) unless on () (count(mcp_auth_failures_window_peak > 5) > 20)',
    ],
    [
      'and matches on the labels given',
      and(above(calls, 1), above(sum(increase(toolCalls, '5m'), ['tool']), 20), ['tool']),
      '(sum by (server, tool) (rate(mcp_tool_calls_total[5m])) > 1) and on (tool) (sum by (tool) (increase(mcp_tool_calls_total[5m])) > 20)',
    ],
    [
      'an absent target has no labels',
      absent(promql.equals(select(up, { job: 'collector' }), 1)),
      'absent(up{job="collector"} == 1)',
    ],
    [
      'rounding and factors nest',
      round(times(sum(rate(ruleEvaluationFailures, '5m')), 60), 0.001),
      'round(sum(rate(prometheus_rule_evaluation_failures_total[5m])) * 60, 0.001)',
    ],
    ['a constant is a vector', constant(1), 'vector(1)'],
    [
      'growth is the newest sample less the least, each side the same series',
      sum(growth(toolCalls, '5m', { outcome: 'ok' }), ['tool']),
      'sum by (tool) (mcp_tool_calls_total{outcome="ok"} - min_over_time(mcp_tool_calls_total{outcome="ok"}[5m]))',
    ],
    [
      'a quantile of growth takes the buckets apart before it sums them',
      growthQuantile(0.99, toolCallDuration, '10m', ['tool']),
      'histogram_quantile(0.99, sum by (tool, le) (mcp_tool_call_duration_seconds_bucket - min_over_time(mcp_tool_call_duration_seconds_bucket[10m])))',
    ],
    [
      'observations above a bound are all less those up to it, however Prometheus writes the bound',
      observationGrowthAbove(2, toolCallDuration, '5m', ['tool']),
      'sum by (tool) (mcp_tool_call_duration_seconds_count - min_over_time(mcp_tool_call_duration_seconds_count[5m])) - sum by (tool) (mcp_tool_call_duration_seconds_bucket{le=~"2(\\\\.0)?"} - min_over_time(mcp_tool_call_duration_seconds_bucket{le=~"2(\\\\.0)?"}[5m]))',
    ],
  ];

  test.each(examples)('%s', (_, vector, text) => {
    expect(vector.promql).toBe(text);
    expect(faultsOf(vector.promql)).toEqual([]);
  });

  test('knows the labels its series carry', () => {
    expect(calls.labels).toEqual(['server', 'tool']);
    expect(sum(calls).labels).toEqual([]);
  });

  test('refuses to count above a bound that no bucket ends at', () => {
    expect(() => observationGrowthAbove(3, toolCallDuration, '5m', ['tool'])).toThrow(
      'mcp_tool_call_duration_seconds has no bucket that ends at 3',
    );
  });

  test('refuses an offset inside an offset', () => {
    expect(() => offset(sum(offset(calls, '1h')), '5m')).toThrow('write one offset');
  });
});

describe('the reader of expressions', () => {
  test('finds a metric that the catalogue does not have', () => {
    expect(faultsOf('rate(mcp_tool_cals_total[5m])')).toEqual(['unknown metric mcp_tool_cals_total']);
  });
  test('finds a label that the catalogue does not have', () => {
    expect(faultsOf('sum by (tol) (mcp_tool_calls_total)')).toEqual(['unknown label tol']);
  });
  test('finds a syntax error', () => {
    expect(faultsOf('sum by (tool (mcp_tool_calls_total)')).not.toEqual([]);
  });
  test('knows every metric under the names it is exposed with', () => {
    expect(knownSeries).toContain('mcp_tool_call_duration_seconds_bucket');
    expect(knownSeries).not.toContain('mcp_tool_call_duration_seconds');
    expect(knownLabels).toContain('session_type');
  });
});
