/**
 * What alerts watch, drawn as they see it: the alert's own measure over its own window. A line crosses the red one when
 * the alert's condition is met and not before, which a rate over `$__rate_interval` cannot promise.
 */
import { PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import type { AlertDefinition } from '../alerts/alert.ts';
import type { AlertName, AlertNamed } from '../alerts/all.ts';
import type { ResolvedAlerts } from '../alerts/resolve.ts';
import { toolCalls } from '../collector/catalogue/metrics.ts';
import { and, max, rate, sum, topk, type Vector, type Where } from '../collector/catalogue/promql.ts';
import { ifSeen, NOT_OBSERVABLE, zeroIfSeen } from './observable.ts';
import { type Legend, series } from './panel.ts';
import { type LinesOptions, lines } from './panels.ts';

/** The labels of what an alert measures. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the alert's settings are
type LabelsOf<N> = N extends AlertDefinition<string, any, infer L, any> ? L : never;
type Measure<N extends AlertName> = Vector<LabelsOf<AlertNamed<N>>>;

/** What the alert measures with the settings in force. */
const measureOf = <N extends AlertName>(alerts: ResolvedAlerts, name: N): Measure<N> =>
  alerts[name].definition.measure(alerts[name].settled);

/** What the alert's measure may not exceed, where that is an expression and not a number. */
function limitSeriesOf<N extends AlertName>(alerts: ResolvedAlerts, name: N): Measure<N> {
  const limit = alerts[name].definition.above?.(alerts[name].settled);
  if (typeof limit !== 'object') throw new TypeError(`the limit of ${name} is not an expression`);
  return limit;
}

type Drawn = Pick<LinesOptions, 'title' | 'meaning' | 'unit' | 'decimals' | 'noValue'>;

/** The alert's measure as it is. */
export const measured = <N extends AlertName>(
  alerts: ResolvedAlerts,
  name: N,
  { legend, ...drawn }: Drawn & { readonly legend: Legend<LabelsOf<AlertNamed<N>>> },
) =>
  lines({
    ...drawn,
    alert: alerts[name],
    series: [series(measureOf(alerts, name), legend)],
  });

/** More lines than a reader can tell apart help nobody; the worst are those that count. */
const WORST = 15;

type ToolFilter = Where<typeof toolCalls>;

/** The measure of the tools that the reader chose. */
const ofTools = (measure: Vector<'server' | 'tool'>, chosen: ToolFilter | undefined) =>
  chosen ? and(measure, sum(rate(toolCalls, '$__rate_interval', chosen), ['server', 'tool'])) : measure;

export const errorRate = (alerts: ResolvedAlerts, chosen?: ToolFilter) =>
  lines({
    title: 'Error rate by tool',
    meaning:
      'Share of the calls that reached the tool and failed, by fault of the tool or its server, over the alert’s window. Bad: a line above the red one. The alert also wants a minimum of calls, so a tool that is called twice may cross it in silence.',
    alert: alerts.ToolErrorSustained,
    unit: PercentUnit,
    max: 1,
    series: [
      series(
        topk(WORST, ofTools(measureOf(alerts, 'ToolErrorSustained'), chosen)),
        ({ server, tool }) => `${server}/${tool}`,
      ),
    ],
  });

export const p99 = (alerts: ResolvedAlerts, chosen?: ToolFilter) =>
  lines({
    title: 'p99 by tool',
    meaning:
      'One call in a hundred takes longer, over the alert’s window. Bad: a line above the red one: agents wait, time out and try again.',
    alert: alerts.LatencyDegradation,
    unit: Seconds,
    series: [
      series(
        topk(WORST, ofTools(measureOf(alerts, 'LatencyDegradation'), chosen)),
        ({ server, tool }) => `${server}/${tool}`,
      ),
    ],
  });

export const dlpBurst = (alerts: ResolvedAlerts) =>
  lines({
    title: 'Largest burst of DLP blocks',
    meaning:
      'The most blocks in any window of the alert’s length, counted by the collector event by event. Bad: above the red line: somebody or something tries again and again to get data out.',
    alert: alerts.DlpBlockSpike,
    unit: Short,
    decimals: 0,
    noValue: NOT_OBSERVABLE,
    // The gauge is 0 also where no source can show a block.
    series: [series(ifSeen(measureOf(alerts, 'DlpBlockSpike'), 'dlp_blocks'), 'blocks')],
  });

export const authBurst = (alerts: ResolvedAlerts) => {
  const bySource = measureOf(alerts, 'AuthFailureBurst');
  return lines({
    title: 'Largest burst of auth failures by source',
    meaning:
      'The most failures of one source in any window of the alert’s length. Sources appear from half the limit on. Bad: above the red line: credentials are being guessed, or a client retries with revoked ones.',
    alert: alerts.AuthFailureBurst,
    unit: Short,
    decimals: 0,
    noValue: NOT_OBSERVABLE,
    series: [
      series(bySource, ({ source }) => source),
      series(zeroIfSeen(max(bySource), 'auth_failures'), 'any source'),
    ],
  });
};

export const authStorm = (alerts: ResolvedAlerts) =>
  lines({
    title: 'Sources in a burst at once',
    meaning:
      'Sources that are above the limit of a burst at the same time. Bad: above the red line: one page stands for all of them, an attack from many addresses or an identity provider that refuses everybody.',
    alert: alerts.AuthFailureStorm,
    unit: Short,
    decimals: 0,
    noValue: NOT_OBSERVABLE,
    series: [series(zeroIfSeen(measureOf(alerts, 'AuthFailureStorm'), 'auth_failures'), 'sources')],
  });

export const diversity = (alerts: ResolvedAlerts) =>
  lines({
    title: 'Distinct tools of one session against its type',
    meaning:
      'The session with the most distinct tools, by session type. The dashed lines are the limits: a multiple of the median of completed sessions of that type, absent until enough have completed. Bad: a line above the dashed one of its type: an injected agent explores.',
    alert: alerts.SessionAnomaly,
    unit: Short,
    decimals: 0,
    noValue: NOT_OBSERVABLE,
    series: [
      series(measureOf(alerts, 'SessionAnomaly'), ({ session_type }) => session_type),
      series(limitSeriesOf(alerts, 'SessionAnomaly'), ({ session_type }) => `limit ${session_type}`, {
        isLimit: true,
      }),
    ],
  });
