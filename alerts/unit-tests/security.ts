/** Unit tests of the alerts on attacks; they follow the settings they are given. */
import { windowLabel } from '../../collector/catalogue/burst-window.ts';
import { secondsOf } from '../../collector/catalogue/duration.ts';
import {
  authFailuresWindowPeak,
  dlpBlocksWindowPeak,
  sessionUniqueToolsBaseline,
  sessionUniqueToolsPeak,
} from '../../collector/catalogue/metrics.ts';
import type { Duration } from '../../collector/catalogue/promql.ts';
import { type AlertTest, fires, hold, nothing, SCRAPE, series, silent } from '../test-case.ts';

type Burst = { readonly above: number; readonly window: Duration };

export function dlpBlockSpikeTests({ above, window }: Burst, heldSeconds: number): AlertTest<never>[] {
  const peak = (values: string, instance = 'collector-0') =>
    series(dlpBlocksWindowPeak, { window: windowLabel(secondsOf(window)), instance }, values);
  const spike = { labels: {}, value: above + 1 };
  return [
    {
      name: 'blocks at the limit never fire',
      interval: SCRAPE,
      input: [peak(`${hold(0, 4)} ${hold(above)}`)],
      expect: [silent(20), silent(60), silent(600)],
    },
    {
      name: 'one block above the limit fires at once, and the page ends once the peak is over and the hold has passed',
      interval: SCRAPE,
      input: [peak(`${hold(0, 4)} ${hold(above + 1, 4)} ${hold(0)}`)],
      expect: [
        silent(15),
        fires(20, spike),
        fires(35, spike),
        fires(35 + heldSeconds, spike),
        silent(50 + heldSeconds),
      ],
    },
    {
      name: 'the first blocks ever fire, though no series was there before',
      interval: SCRAPE,
      input: [peak(`${nothing(4)} ${hold(above + 1, 4)} stale`)],
      expect: [silent(15), fires(20, spike)],
    },
    {
      name: 'one failed scrape in the middle of a spike does not end the page',
      interval: SCRAPE,
      input: [peak(`${hold(0, 4)} ${above + 1} stale ${hold(above + 1, 3)} ${hold(0)}`)],
      expect: [fires(20, spike), fires(25, spike), fires(30, spike)],
    },
    {
      name: 'a collector that restarts without blocks, or that nobody calls, stays silent',
      interval: SCRAPE,
      input: [peak(`${hold(above, 4)} stale ${nothing(6)} ${hold(0)}`)],
      expect: [silent(20), silent(60), silent(600)],
    },
  ];
}

export function authFailureBurstTests({ above, window }: Burst, heldSeconds: number): AlertTest<'source'>[] {
  const peak = (source: string, values: string, instance = 'collector-0') =>
    series(authFailuresWindowPeak, { source, window: windowLabel(secondsOf(window)), instance }, values);
  const burst = (source: string) => ({ labels: { source }, value: above + 1 });
  return [
    {
      name: 'a source at the limit never fires, one above it fires though it was never seen before',
      interval: SCRAPE,
      input: [
        peak('203.0.113.5', `${nothing(4)} ${hold(above)}`),
        peak('203.0.113.6', `${nothing(4)} ${hold(above + 1, 4)} stale`),
      ],
      expect: [
        silent(15),
        fires(20, burst('203.0.113.6')),
        fires(35 + heldSeconds, burst('203.0.113.6')),
        silent(50 + heldSeconds),
      ],
    },
    {
      name: 'a known source fires when it rises above the limit',
      interval: SCRAPE,
      input: [peak('203.0.113.7', `${hold(above, 20)} ${hold(above + 1, 4)} stale`)],
      expect: [silent(95), fires(100, burst('203.0.113.7'))],
    },
    {
      name: 'a burst that two collectors saw parts of counts as one',
      interval: SCRAPE,
      input: [
        peak('2001:db8::/64', `${nothing(4)} ${hold(above, 4)} stale`, 'collector-0'),
        peak('2001:db8::/64', `${nothing(4)} ${hold(1, 4)} stale`, 'collector-1'),
      ],
      expect: [silent(15), fires(20, burst('2001:db8::/64'))],
    },
    {
      name: 'one failed scrape in the middle of a burst does not end the page',
      interval: SCRAPE,
      input: [peak('203.0.113.8', `${nothing(4)} ${above + 1} stale ${hold(above + 1, 2)} stale`)],
      expect: [
        fires(20, burst('203.0.113.8')),
        fires(25, burst('203.0.113.8')),
        fires(30, burst('203.0.113.8')),
      ],
    },
    {
      name: 'a collector that restarts, and a source that went quiet, stay silent',
      interval: SCRAPE,
      input: [peak('203.0.113.9', `${hold(above, 4)} stale ${nothing(6)} ${hold(1)}`)],
      expect: [silent(20), silent(60), silent(600)],
    },
  ];
}

export function authFailureStormTests(
  { above: sources, followed: { above, window } }: { readonly above: number; readonly followed: Burst },
  heldSeconds: number,
): AlertTest<never>[] {
  const peaks = (from: number, to: number, values: string) =>
    Array.from({ length: to - from }, (_, i) =>
      series(
        authFailuresWindowPeak,
        {
          source: `198.51.${Math.floor((from + i) / 250)}.${(from + i) % 250}`,
          window: windowLabel(secondsOf(window)),
        },
        values,
      ),
    );
  const burst = `${nothing(4)} ${hold(above + 1, 4)} stale`;
  return [
    {
      name: 'as many sources as the limit, and any number of sources that only reach the limit of a burst, stay silent',
      interval: SCRAPE,
      input: [...peaks(0, sources, burst), ...peaks(sources, sources + 3, `${nothing(4)} ${hold(above)}`)],
      expect: [silent(15), silent(20), silent(60)],
    },
    {
      name: 'one source more is a storm, which takes the place of the pages by source',
      interval: SCRAPE,
      input: peaks(0, sources + 1, burst),
      expect: [
        silent(15),
        { at: '20s', firing: [], silent: 'AuthFailureBurst' },
        { at: '35s', firing: [], silent: 'AuthFailureBurst' },
        fires(20, { labels: {}, value: sources + 1 }),
        fires(35 + heldSeconds, { labels: {}, value: sources + 1 }),
        silent(50 + heldSeconds),
      ],
    },
  ];
}

export function sessionAnomalyTests(
  { factor }: { readonly factor: number },
  heldSeconds: number,
): AlertTest<'session_type'>[] {
  const usual = 8;
  const most = Math.floor(factor * usual);
  const peak = (session_type: string, values: string) =>
    series(sessionUniqueToolsPeak, { session_type }, values);
  const baseline = (session_type: string, values: string) =>
    series(sessionUniqueToolsBaseline, { session_type }, values);
  const anomaly = { labels: { session_type: 'coding' }, value: most + 1 };
  return [
    {
      name: 'a session at the limit stays silent, one tool more fires until the session is over and the hold has passed',
      interval: SCRAPE,
      input: [
        baseline('coding', hold(usual)),
        peak('coding', `${hold(most, 12)} ${hold(most + 1, 6)} ${hold(usual)}`),
        baseline('support', hold(usual)),
        peak('support', hold(most)),
      ],
      expect: [silent(45), fires(60, anomaly), fires(75 + heldSeconds, anomaly), silent(120 + heldSeconds)],
    },
    {
      name: 'a session of a type without a baseline stays silent, however diverse it is',
      interval: SCRAPE,
      input: [peak('new', hold(100 * most)), baseline('coding', hold(usual))],
      expect: [silent(60), silent(600)],
    },
    {
      name: 'the first anomaly of a type fires, also when one scrape fails',
      interval: SCRAPE,
      input: [
        baseline('coding', `${hold(usual, 14)} stale ${hold(usual)}`),
        peak('coding', `${nothing(12)} ${hold(most + 1, 2)} stale ${hold(most + 1)}`),
      ],
      expect: [silent(45), fires(60, anomaly), fires(75, anomaly), fires(90, anomaly)],
    },
    {
      name: 'a restart that loses the sessions but keeps the baselines stays silent',
      interval: SCRAPE,
      input: [
        baseline('coding', `${hold(usual, 12)} stale ${nothing(5)} ${hold(usual)}`),
        peak('coding', `${hold(most, 12)} stale ${nothing(5)} ${hold(1)}`),
      ],
      expect: [silent(60), silent(90), silent(600)],
    },
  ];
}
