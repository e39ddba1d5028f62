/** Operations: how fast, how reliable and how busy is each tool, and what are its sessions like. */
import {
  BytesPerSecondIEC,
  OpsPerMinute,
  PercentUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import {
  answeredOutcomes,
  type Outcome,
  serverLevelErrors,
  toolLevelErrors,
} from '../collector/catalogue/labels.ts';
import { toolCallBytes, toolCallDuration, toolCalls } from '../collector/catalogue/metrics.ts';
import {
  above,
  atLeast,
  bucketIncrease,
  increase,
  quantile,
  rate,
  ratio,
  sum,
  times,
  topk,
} from '../collector/catalogue/promql.ts';
import { dashboard, row } from './dashboard.ts';
import { ifSeen, NOT_OBSERVABLE } from './observable.ts';
import { series } from './panel.ts';
import { heatmap, lines } from './panels.ts';
import { activeSessions, endedSessions, sessionsByType } from './sessions.ts';
import { column, table } from './table.ts';
import { chosen, serverVariable, sessionTypeVariable, toolVariable } from './variables.ts';
import { errorRate, p99 } from './watched.ts';

const of = { server: chosen.server, tool: chosen.tool };
const _ofType = { session_type: chosen.sessionType };
const byTool = ['server', 'tool'] as const;
const toolName = ({ server, tool }: { server: string; tool: string }) => `${server}/${tool}`;
/** Lines a reader can tell apart; the rest is in the table of all tools. */
const MOST = 15;

const callRate = rate(toolCalls, '$__rate_interval', of);
/** Calls that reached the tool: what error rates are shares of, here and in the alert. */
const answered = { ...of, outcome: answeredOutcomes };
const answeredRate = rate(toolCalls, '$__rate_interval', answered);
const calls = sum(increase(toolCalls, '$__range', of), byTool);
const failed = (outcome: readonly Outcome[]) =>
  ratio(
    sum(increase(toolCalls, '$__range', { ...of, outcome }), byTool),
    above(sum(increase(toolCalls, '$__range', answered), byTool), 0),
  );
const duration = (q: number) => atLeast(quantile(q, toolCallDuration, '$__range', byTool, of), 0);

const allTools = table({
  title: 'Tools',
  meaning:
    'Every tool over the chosen time. Bad: a high share of failures, or a p99 far above the median, on a tool with many calls.',
  first: 'Sort by the column that hurts, then choose that tool above to see when it began.',
  unit: Short,
  rows: { server: 'Server', tool: 'Tool' },
  columns: [
    column('Calls', calls, Short, { decimals: 0 }),
    column('Tool-level errors', failed(toolLevelErrors), PercentUnit, { decimals: 1, bar: true }),
    column('Server-level errors', failed(serverLevelErrors), PercentUnit, { decimals: 1, bar: true }),
    column('p50', duration(0.5), Seconds),
    column('p95', duration(0.95), Seconds),
    column('p99', duration(0.99), Seconds),
  ],
  sortBy: 'Calls',
});

const durationLines = (q: number, name: string, meaning: string, first: string) =>
  lines({
    title: `${name} by tool`,
    meaning,
    first,
    unit: Seconds,
    series: [series(topk(MOST, quantile(q, toolCallDuration, '$__rate_interval', byTool, of)), toolName)],
  });

const durations = heatmap({
  title: 'Durations of calls',
  meaning:
    'How many calls took how long. Bad: a second band above the usual one (some calls wait for something), or the whole band rising.',
  first: 'Choose tools one after another until the upper band stays alone: that is the one that waits.',
  unit: Seconds,
  series: series(bucketIncrease(toolCallDuration, '$__rate_interval', of), ({ le }) => le),
});

const toolErrors = lines({
  title: 'Tool-level error rate by tool',
  meaning:
    'Share of the calls that reached the tool and that it answered with an error. Bad: a rising line, since agents retry and wander. A source that cannot show tool errors shows none: see "What the sources can show" on the security dashboard.',
  first: 'Read the error messages of that tool in a session page; mend its input checks or its backend.',
  unit: PercentUnit,
  max: 1,
  noValue: NOT_OBSERVABLE,
  series: [
    series(
      ifSeen(
        topk(
          MOST,
          ratio(
            sum(rate(toolCalls, '$__rate_interval', { ...of, outcome: toolLevelErrors }), byTool),
            sum(answeredRate, byTool),
          ),
        ),
        'tool_errors',
      ),
      toolName,
    ),
  ],
});

const serverErrors = lines({
  title: 'Server-level error rate by server',
  meaning:
    'Share of calls that died of the server or the way to it, whatever the tool. Bad: any lasting line: the server crashes, times out or is not reached.',
  first: 'Restart the server, or take it out of the clients’ configuration until it answers again.',
  unit: PercentUnit,
  max: 1,
  series: [
    series(
      ratio(
        sum(rate(toolCalls, '$__rate_interval', { ...of, outcome: serverLevelErrors }), ['server']),
        sum(answeredRate, ['server']),
      ),
      ({ server }) => server,
    ),
  ],
});

const outcomes = lines({
  title: 'Calls by outcome',
  meaning:
    'Calls per minute by how they ended. Bad: anything but ok growing. Denied and blocked are policy at work, aborted and server_error the server, protocol_error the caller.',
  first: 'Follow the outcome that grows: errors here, refusals on the security dashboard.',
  unit: OpsPerMinute,
  stacked: true,
  series: [series(times(sum(callRate, ['outcome']), 60), ({ outcome }) => outcome)],
});

const throughput = lines({
  title: 'Calls per minute by tool',
  meaning:
    'The busiest tools. Bad: one tool suddenly far above its usual, an agent in a loop; or all at zero in working hours, a source that fell silent.',
  first: 'For a loop, end the session that makes the calls; for silence, restart the source’s exporter.',
  unit: OpsPerMinute,
  series: [series(topk(MOST, times(sum(callRate, byTool), 60)), toolName)],
});

const bytes = (direction: 'request' | 'response', title: string, meaning: string, first: string) =>
  lines({
    title,
    meaning,
    first,
    unit: BytesPerSecondIEC,
    noValue: NOT_OBSERVABLE,
    series: [
      series(
        topk(MOST, sum(rate(toolCallBytes, '$__rate_interval', { ...of, direction }), byTool)),
        toolName,
      ),
    ],
  });

export const operations = (alerts: ResolvedAlerts) =>
  dashboard({
    name: 'operations',
    title: 'Operations',
    question: 'How fast, how reliable and how busy is each tool?',
    variables: [serverVariable(), toolVariable(), sessionTypeVariable()],
    rows: [
      row('Tools', [allTools]),
      row(
        'Latency',
        [
          p99(alerts, of),
          durationLines(
            0.95,
            'p95',
            'One call in twenty takes longer. Bad: rising while the median stays: some inputs, or a queue.',
            'Raise the tool’s capacity if it rises with the calls per minute; else shorten what its slow inputs do.',
          ),
          durationLines(
            0.5,
            'p50',
            'The usual call. Bad: the median itself rising: the tool or what it depends on is slow for everybody.',
            'Restart or scale the tool server; if a backend is slow, take that up with its owner.',
          ),
        ],
        [durations],
      ),
      row('Errors', [errorRate(alerts, of), toolErrors, serverErrors], [outcomes]),
      row(
        'Throughput',
        [throughput],
        [
          bytes(
            'response',
            'Bytes returned by tool',
            'Bad: a tool that returns far more than usual: agents pay for it in context, and bulk reads come before theft.',
            'Set a limit on what the tool returns; if nobody asked for the data, end the session that reads it.',
          ),
          bytes(
            'request',
            'Bytes sent to tool',
            'Bad: much data into a tool that writes or sends: this is the way out of the house.',
            'Choose the tool, then open the cross-tool flow on the security dashboard; block the tool if data leaves.',
          ),
        ],
      ),
      row('Sessions', [activeSessions, endedSessions], [sessionsByType]),
    ],
  });
