/** The demo's replay on the real processes: the alerts that must come, and data behind every panel. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveAlerts } from '../../alerts/resolve.ts';
import { type PanelQuery, panelQueries, panelsThatMayBeEmpty } from '../../dashboards/queries.ts';
import { judge } from '../../run/expectations.ts';
import { type LocalStack, startLocalStack } from '../../run/local-stack.ts';
import { planReplay } from '../../run/replay/replay.ts';
import { sendReplay } from '../../run/replay/send.ts';
import { demoRegistry } from '../../run/replay/servers.ts';
import { defineStack } from '../../stack/config.ts';

const SECOND = 1_000;

interface PrometheusAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly values?: readonly [number, string][]; value?: [number, string] }[];
  };
}

describe('after a replay of recorded sessions and incidents', () => {
  const alerts = resolveAlerts();
  const replay = planReplay(alerts);
  let stack: LocalStack;
  let startedMs: number;

  beforeAll(async () => {
    startedMs = Date.now();
    stack = await startLocalStack({ config: defineStack({ servers: demoRegistry(replay.servers) }) });
    const { rejected } = await sendReplay(stack.urls.ingest, replay, { run: 'test' });
    expect(rejected, 'events the collector refused').toEqual([]);
    const deadline = Date.now() + 75 * SECOND;
    while (judge(replay.expected, stack.pages()).missing.length > 0 && Date.now() < deadline)
      await sleep(SECOND);
    // One more evaluation of the slow rules, for alerts that should not come.
    await sleep(20 * SECOND);
  }, 300_000);
  afterAll(() => stack?.stop());

  test('every expected alert has come, and no other', () => {
    const { missing, unexpected } = judge(replay.expected, stack.pages());
    expect(missing).toEqual([]);
    expect(unexpected.map(({ labels, annotations }) => ({ labels, summary: annotations.summary }))).toEqual(
      [],
    );
  });

  test('the dead man’s switch is told that the monitor lives', () => {
    const told = stack.pages().filter(({ labels }) => labels.alertname === 'Watchdog');
    expect(new Set(told.map(({ receiver }) => receiver)).size).toBe(1);
  });

  /** Asks as Grafana would: a number or table for the end of the time, lines for every step of it. */
  async function numbersOf({ expr, instant }: PanelQuery): Promise<number> {
    const now = Date.now() / SECOND;
    const end = String(now);
    const [path, times]: [string, Record<string, string>] = instant
      ? ['query', { time: end }]
      : ['query_range', { start: String(startedMs / SECOND), end, step: '5' }];
    const url = `${stack.urls.prometheus}/api/v1/${path}?${new URLSearchParams({ query: expr, ...times })}`;
    const answer = (await (await fetch(url)).json()) as PrometheusAnswer;
    if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
    const samples = answer.data!.result.flatMap(({ values, value }) => values ?? (value ? [value] : []));
    return samples.filter(([, number]) => number !== 'NaN').length;
  }

  test('every query of every panel has data', async () => {
    const queries = panelQueries({ alerts }, { rateInterval: '20s', range: '5m' });
    expect(queries.length).toBeGreaterThan(50);
    const empty: string[] = [];
    for (const query of queries) {
      const mayBeEmpty = panelsThatMayBeEmpty.some(
        ({ dashboard, panel, refId = query.refId }) =>
          dashboard === query.dashboard && panel === query.panel && refId === query.refId,
      );
      if (!mayBeEmpty && (await numbersOf(query)) === 0) {
        empty.push(`${query.dashboard} / ${query.panel} ${query.refId}: ${query.expr}`);
      }
    }
    expect(empty).toEqual([]);
  });

  test('every exception names a query that exists', () => {
    const queries = panelQueries({ alerts }, { rateInterval: '20s', range: '5m' });
    const unknown = panelsThatMayBeEmpty.filter(
      ({ dashboard, panel, refId }) =>
        !queries.some(
          (q) => q.dashboard === dashboard && q.panel === panel && (refId ?? q.refId) === q.refId,
        ),
    );
    expect(unknown).toEqual([]);
  });
});
