/** Real collector, Prometheus and Alertmanager, at their default intervals; only the storm's limit is lifted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../run/local-stack.ts';
import { defineStack, stackDefaults } from '../../stack/config.ts';
import { seeded } from '../random.ts';
import { type Due, play } from './schedule.ts';

const SECOND = 1_000;
/** From the event that lifts a burst over its limit to the page, at worst. */
const WORST_MS = 20 * SECOND;

interface Burst {
  readonly source: string;
  readonly times: readonly number[];
  readonly arrivals?: readonly number[];
  readonly pages: boolean;
}

const random = seeded(7);
/** `count` times in a window a little shorter than 30 s that starts at a random phase after `from`. */
function within30s(count: number, from: number): number[] {
  const phase = from + random() * 10 * SECOND;
  return Array.from({ length: count }, () => phase + random() * 29.5 * SECOND).sort((a, b) => a - b);
}

let host = 1;
/** A documentation address (RFC 5737) that no other burst uses. */
const nextSource = () => `${host > 250 ? '198.51.100' : '203.0.113'}.${(host++ % 250) + 1}`;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

const neverSeen = (failures: number, pages: boolean) =>
  times(20, (): Burst => ({ source: nextSource(), times: within30s(failures, 0), pages }));

/** Two failures first, which have left the window when the others begin. */
const known = (failures: number, pages: boolean) =>
  times(20, (): Burst => {
    return { source: nextSource(), times: [0, 0.1 * SECOND, ...within30s(failures, 31 * SECOND)], pages };
  });

const overTwoRequests = (): Burst => ({
  source: nextSource(),
  times: [1, 1, 1, 1, 27, 27].map((s) => s * SECOND),
  pages: true,
});

/** Six within 30 s that arrive in the opposite order, up to a minute late. */
const lateInsideTheBound = (): Burst => ({
  source: nextSource(),
  times: [0, 5, 10, 15, 20, 25].map((s) => (s - 30) * SECOND),
  arrivals: [30, 25, 20, 15, 10, 5].map((s) => s * SECOND),
  pages: true,
});

/** Ten minutes late: a backlog, not a burst. */
const lateBeyondTheBound = (): Burst => ({
  source: nextSource(),
  times: [0, 1, 2, 3, 4, 5].map((s) => (s - 600) * SECOND),
  arrivals: times(6, () => 5 * SECOND),
  pages: false,
});

/** Events exactly 30 s apart are not in one window of 30 s. */
const exactly30sApart = (): Burst => ({
  source: nextSource(),
  times: [0, 6, 12, 18, 24, 30].map((s) => s * SECOND),
  pages: false,
});

const bursts: Burst[] = [
  ...neverSeen(6, true),
  ...neverSeen(5, false),
  ...known(6, true),
  ...known(5, false),
  ...times(5, overTwoRequests),
  ...times(5, lateInsideTheBound),
  ...times(5, lateBeyondTheBound),
  ...times(5, exactly30sApart),
];

const authFailures: Due[] = bursts.flatMap(({ source, times: at, arrivals }) =>
  at.map((happensAtMs, i): Due => {
    const arrivesAtMs = arrivals?.[i] ?? happensAtMs;
    return { happensAtMs, arrivesAtMs, event: { kind: 'auth_failure', server: 'gateway', source } };
  }),
);

const dlpBlocks = (count: number, from: number): Due[] =>
  Array.from({ length: count }, (_, i) => ({
    happensAtMs: from + i * 500,
    event: { kind: 'dlp_block', server: 'files', tool: 'read_file', rule: 'credit-card' },
  }));
/** Ten in one window, and eleven when they have left it. */
const DLP_ELEVEN_AT = 66 * SECOND;
const dlp = [...dlpBlocks(10, 0), ...dlpBlocks(11, DLP_ELEVEN_AT)];

/** When the burst has its sixth event in 30 s, as far as the collector can know; later ones are too late to count. */
function overTheLimitAt({ times: at, arrivals = at }: Burst): number {
  const arrived = at
    .map((time, i) => ({ time, arrival: arrivals[i]! }))
    .filter(({ time, arrival }) => arrival - time <= stackDefaults.collector.latenessSeconds * SECOND)
    .sort((a, b) => a.arrival - b.arrival);
  for (let n = 6; n <= arrived.length; n++) {
    const known = arrived.slice(0, n).map(({ time }) => time);
    if (known.some((from) => known.filter((time) => time >= from && time < from + 30 * SECOND).length > 5)) {
      return arrived[n - 1]!.arrival;
    }
  }
  return Number.POSITIVE_INFINITY;
}

describe('bursts page exactly, on the real processes', () => {
  let stack: LocalStack;
  let start: number;

  beforeAll(async () => {
    stack = await startLocalStack({
      config: defineStack({ alerts: { AuthFailureStorm: { above: 1_000 } } }),
    });
    start = await play(stack.urls.ingest, [...authFailures, ...dlp]);
    await sleep(WORST_MS);
  }, 240_000);
  afterAll(() => stack?.stop());

  const firstPage = (alertname: string, source?: string) =>
    stack
      .pages()
      .find(
        ({ status, labels }) =>
          status === 'firing' && labels.alertname === alertname && labels.source === source,
      );

  test('the schedule says what its bursts are', () => {
    for (const burst of bursts)
      expect(Number.isFinite(overTheLimitAt(burst)), burst.source).toBe(burst.pages);
  });

  test('every burst of six failures within 30 s pages within 20 s', () => {
    const delays = bursts
      .filter(({ pages }) => pages)
      .map((burst) => {
        const page = firstPage('AuthFailureBurst', burst.source);
        return { source: burst.source, delayMs: page && page.receivedMs - start - overTheLimitAt(burst) };
      });
    expect(
      delays.filter(({ delayMs }) => delayMs === undefined),
      'bursts without a page',
    ).toEqual([]);
    const sorted = delays.map(({ delayMs }) => delayMs!).sort((a, b) => a - b);
    console.log(
      `event to page over ${sorted.length} bursts: median ${Math.round(sorted[sorted.length >> 1]!)} ms, worst ${Math.round(sorted.at(-1)!)} ms`,
    );
    expect(sorted.at(-1)).toBeLessThanOrEqual(WORST_MS);
  });

  test('no burst of five, no backlog and no six over exactly 30 s pages', () => {
    const paged = bursts.filter(({ pages, source }) => !pages && firstPage('AuthFailureBurst', source));
    expect(paged).toEqual([]);
  });

  test('eleven DLP blocks within 60 s page within 20 s, ten before them did not', () => {
    const page = firstPage('DlpBlockSpike');
    expect(page, 'a page for eleven').toBeDefined();
    const eleventh = DLP_ELEVEN_AT + 10 * 500;
    const delayMs = page!.receivedMs - start - eleventh;
    expect(delayMs).toBeGreaterThan(0);
    expect(delayMs).toBeLessThanOrEqual(WORST_MS);
    expect(page!.annotations.summary).toContain('11');
  });

  test('nothing else was told, but that a backlog came too late to be watched', () => {
    const names = new Set(stack.pages().map(({ labels }) => labels.alertname));
    names.delete('Watchdog');
    expect([...names].sort()).toEqual(['AuthFailureBurst', 'DlpBlockSpike', 'EventsLate']);
  });
});
